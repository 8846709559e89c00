// Command clientgo says hello with GitLab's own library.
package main

import (
	"fmt"
	"os"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

func main() {
	client, err := gitlab.NewClient(os.Getenv("TOKEN"))
	if err != nil {
		fail(err)
	}
	user, _, err := client.Users.CurrentUser()
	if err != nil {
		fail(err)
	}
	fmt.Println("hello,", user.Name)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
