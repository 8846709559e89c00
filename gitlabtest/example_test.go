package gitlabtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// A program starts and closes a server itself; a test says gitlabtest.New(t).
func Example() {
	srv, _ := gitlabtest.Start()
	defer srv.Close()
	token := srv.SignIn("ada")
	srv.Expire(token.AccessToken)

	req, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, srv.URL+"/api/v4/user", nil)
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	resp, _ := srv.Client().Do(req)
	_ = resp.Body.Close()
	fmt.Println(resp.Status)
	fmt.Println(resp.Header.Get("WWW-Authenticate"))
	// Output:
	// 401 Unauthorized
	// Bearer realm="Protected by OAuth 2.0", error="invalid_token", error_description="Token is expired. You can either do re-authorization or token refresh."
}

// In a test, New closes the server when the test ends.
func ExampleNew() {
	_ = func(t *testing.T) { // func TestReport(t *testing.T) {
		srv := gitlabtest.New(t, gitlabtest.WithPath("/gitlab"), gitlabtest.WithTokenLifetime(time.Minute))
		srv.AddIssue("team/app", "It breaks")
		token := srv.SignIn("ada")
		t.Log("run the code under test on", srv.URL, "with", token)
		if calls := srv.CallsTo(http.MethodGet, "*/issues"); len(calls) != 1 {
			t.Errorf("%d calls for one list", len(calls))
		}
	}
	// Output:
}

// A test asserts that no refresh token was sent after its rotation.
func ExampleServer_Audit() {
	srv, _ := gitlabtest.Start()
	defer srv.Close()
	token := srv.SignIn("ada")
	for range 2 { // a program that does not keep the new token
		resp, _ := srv.Client().PostForm(srv.URL+"/oauth/token", url.Values{ //nolint:noctx // an example is short
			"grant_type": {"refresh_token"}, "refresh_token": {token.RefreshToken},
			"client_id": {srv.App.ClientID}, "client_secret": {srv.App.ClientSecret},
		})
		_ = resp.Body.Close()
		fmt.Println(resp.Status)
	}
	fmt.Println("double spends:", srv.Audit().DoubleSpends)
	// Output:
	// 200 OK
	// 400 Bad Request
	// double spends: 1
}

// Without a listener a server can be used in a bubble of testing/synctest, where
// hours pass at once. Only its own client reaches it.
func ExampleInMemory() {
	srv, _ := gitlabtest.Start(gitlabtest.InMemory())
	defer srv.Close()
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, srv.URL+"/api/v4/version", nil)
	req.Header.Set("Private-Token", srv.PersonalToken("bot", "read_user"))
	resp, err := srv.Client().Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	fmt.Println(len(srv.CallsTo(http.MethodGet, "/api/v4/version")), "call")
	// Output:
	// 200 OK
	// 1 call
}

// The browser of a user who is signed in to GitLab, and clicks on "Authorize".
func ExampleServer_AutoApprove() {
	srv, _ := gitlabtest.Start()
	defer srv.Close()
	srv.AutoApprove("ada")
	page := srv.URL + "/oauth/authorize?" + url.Values{
		"client_id": {srv.App.ClientID}, "redirect_uri": {srv.App.RedirectURI}, "response_type": {"code"}, "scope": {"api"}, "state": {"s1"},
	}.Encode()
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, page, nil)
	resp, err := srv.Client().Transport.RoundTrip(req) // which follows no redirect
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	back, _ := resp.Location()
	fmt.Println(back.Query().Get("state"), back.Query().Has("code"))
	// Output: s1 true
}

// A lost answer: GitLab has rotated the pair, and nobody knows the new one.
func ExampleServer_Fault() {
	srv, _ := gitlabtest.Start()
	defer srv.Close()
	token := srv.SignIn("ada")
	srv.Fault(gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.LoseAnswer()})

	form := url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {token.RefreshToken},
		"client_id": {srv.App.ClientID}, "client_secret": {srv.App.ClientSecret},
	}
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, srv.URL+"/oauth/token", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, err := srv.Client().Do(req) //nolint:bodyclose // there is no answer
	fmt.Println("failed:", err != nil)
	fmt.Println("spent:", srv.State(token.RefreshToken).Spent)
	fmt.Printf("%+v\n", srv.Audit())
	// Output:
	// failed: true
	// spent: true
	// {Issued:2 Rotations:1 DoubleSpends:0}
}

// A merge request with a pipeline that goes on when the test says so.
func ExampleServer_AddMergeRequest() {
	srv, _ := gitlabtest.Start()
	defer srv.Close()
	mr := srv.AddMergeRequest("team/app", "feature", "Add a feature")
	pipeline := srv.AddPipeline("team/app", "feature", "running")
	job := srv.AddJob(pipeline, gitlabtest.Job{Name: "test", Status: "running"})
	srv.SetJobStatus(job.ID, "failed")

	target := fmt.Sprintf("%s/api/v4/projects/team%%2Fapp/merge_requests/%d", srv.URL, mr.IID)
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, target, nil)
	req.Header.Set("Authorization", "Bearer "+srv.SignIn("ada").AccessToken)
	resp, err := srv.Client().Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	var answer struct {
		MergeStatus  string `json:"detailed_merge_status"`
		HeadPipeline struct {
			Status string `json:"status"`
		} `json:"head_pipeline"`
	}
	_ = json.NewDecoder(resp.Body).Decode(&answer)
	fmt.Println(answer.MergeStatus, answer.HeadPipeline.Status)
	// Output: mergeable failed
}
