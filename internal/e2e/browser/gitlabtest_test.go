package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
)

func TestUserOfTheExampleWithItsOwnGitLab(t *testing.T) {
	t.Parallel()
	ada := open(t)
	clickThrough(t, ada, start(t, nil))
}

func TestUserOfTheExampleOnPostgreSQL(t *testing.T) {
	t.Parallel()
	ada := open(t)
	database, err := engines.StartPostgreSQL(t.Context())
	engines.Need(t, err)
	t.Cleanup(func() { assert.NoError(t, database.Close()) })
	clickThrough(t, ada, start(t, []string{"DATABASE_URL=" + database.DSN}))
}

// clickThrough is a user's whole way. In a second tab things happen at GitLab.
func clickThrough(t *testing.T, ada *tab, b backend) {
	t.Helper()
	require.NotEmpty(t, b.gitlab)
	ada.step("opens the service", chromedp.Navigate(b.url), sees("h1", "Connect GitLab"))
	ada.shot("welcome")
	ada.step("clicks Connect GitLab", clicks("#connect"), sees("h1", "Authorization required"))
	ada.shot("gitlab-asks")
	ada.step("is ada, and authorizes", types(`input[name="username"]`, "ada"), clicks(`button[value="approve"]`), sees("#projects", "acme/website"))
	ada.shot("projects")

	ada.step("opens acme/website", follows("acme/website"), sees("#issues", "The logo is upside down"))
	ada.step("connects it", clicks("#connect-project"), appears("#disconnect-project"))
	ada.step("the page listens", appears("#live.on"))
	admin := ada.another()
	admin.step("GitLab: somebody pushes", chromedp.Navigate(b.gitlab), clicks("#push"), sees("#done", "push"))
	ada.step("sees the push, without reloading", sees("#events", "Grace pushed 1 commit(s) to main"))
	ada.shot("push-arrives")

	admin.step("GitLab: the access token expires", chromedp.Navigate(b.gitlab), clicks("#expire"), sees("#done", "expire"))
	ada.step("opens an issue, and notices nothing", follows("The logo is upside down"), appears("#comment"))
	admin.step("GitLab: the new one expires, too", chromedp.Navigate(b.gitlab), clicks("#expire"), sees("#done", "expire"))
	ada.step("comments, and notices nothing", types("textarea", "I have turned it around."), clicks("#comment"),
		sees("#notes", "I have turned it around."), sees("#events", "ada commented on #1"))
	ada.shot("commented")
	assert.Equal(t, 1, strings.Count(ada.text("#notes"), "turned it around"), "the comment is there once")
	admin.step("GitLab: looks at its requests", chromedp.Reload(), appears("#calls"))
	calls := admin.text("#calls")
	assert.Contains(t, calls, "401", "the token had really expired")
	assert.GreaterOrEqual(t, strings.Count(calls, "POST /oauth/token 200"), 2, "and was refreshed both times:\n%s", calls)
	admin.shot("gitlab-requests")

	admin.step("GitLab: withdraws the rights", chromedp.Navigate(b.gitlab), clicks("#revoke"), sees("#done", "revoke"))
	ada.step("goes back to the project", follows("acme/website"), sees("h1", "Connect GitLab again"))
	ada.shot("connect-again")
	ada.step("connects again", clicks("#connect"), sees("h1", "Authorization required"))
	ada.step("authorizes, and is where she wanted to go", types(`input[name="username"]`, "ada"), clicks(`button[value="approve"]`),
		appears("#disconnect-project"), sees("h1", "acme/website"))
	ada.shot("connected-again")

	ada.step("disconnects GitLab", follows("Disconnect GitLab"), sees("h1", "Disconnected"))
	ada.shot("disconnected")
	ada.step("is nobody again", chromedp.Navigate(b.url), sees("h1", "Connect GitLab"))
	admin.step("GitLab: looks at its requests", chromedp.Reload(), sees("#calls", "POST /oauth/revoke 200"))
	assert.Regexp(t, `DELETE /api/v4/projects/\d+/hooks/\d+ 204`, admin.text("#calls"))
}
