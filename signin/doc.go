// Package signin lets people connect their GitLab accounts to a web application
// ([Handler]) or to a command-line program ([Device]), and stores the tokens.
//
//	handler, err := signin.New(signin.Config{
//		Instances: map[string]signin.Instance{"gitlab": {Client: client, Provider: provider}},
//		CookieKeys: [][]byte{key},
//		Key: func(r *http.Request, s signin.SignIn) (string, error) { return userOf(r), nil },
//	})
//	…
//	mux.HandleFunc("/gitlab/login", handler.Login)
//	mux.HandleFunc("/gitlab/callback", handler.Callback)
//
// A link or form that leads to Login starts; its return_to parameter, a path of
// the application's, is where the browser ends up.
//
// # What is guaranteed
//
// An attempt to sign in is bound to the browser that began it, to one instance,
// and to ten minutes. It has a state of 130 random bits (RFC 6749, section 10.12),
// which goes through GitLab, and a PKCE verifier (RFC 7636), which does not; the
// browser's cookie holds both, encrypted. Attempts in several tabs do not disturb
// each other.
//
// A callback ends its attempt, whatever comes of it. Where the attempt is kept by
// the server ([Attempts]) it cannot come back. Where it is kept in a cookie, the
// browser is told to delete that. Who has made a copy of it can present it again
// for the rest of the ten minutes, but needs another code that GitLab has issued
// for this very attempt: it takes each of them once.
//
// With several instances, each has a callback URL of its own, and a code that
// arrives at another one's is not sent anywhere: an instance cannot have the codes
// of another one delivered to itself (RFC 9700, section 4.4.2). An iss parameter
// must name the instance (RFC 9207).
//
// Tokens that are refused by the application are revoked; those that were
// exchanged are stored even if the browser leaves meanwhile. Pages and errors hold
// no code, state, verifier or token.
package signin
