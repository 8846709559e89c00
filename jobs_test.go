package gitlab_test

import (
	"context"
	"io"
	"iter"
	"net/http"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

const jobJSON = `{"id":7,"name":"teaspoon","stage":"test","status":"failed","failure_reason":"script_failure","allow_failure":true,"ref":"main","tag":true,"coverage":98.29,"duration":0.173,"queued_duration":0.01,"created_at":"2018-09-13T00:40:43Z","started_at":"2018-09-13T00:40:44Z","finished_at":"2018-09-13T00:40:45Z","erased_at":"2018-09-13T00:40:46Z","archived":true,"user":` + graceUserJSON + `,"commit":` + commitJSON + `,"pipeline":` + basicPipelineJSON + `,"project":{"ci_job_token_scope_enabled":true},"artifacts_file":{"filename":"artifacts.zip","size":1000},"artifacts":[{"file_type":"archive","size":1000,"filename":"artifacts.zip","file_format":"zip"}],"artifacts_expire_at":"2018-09-13T00:40:47Z","tag_list":["docker runner","ubuntu18"],"runner":{"id":32,"name":"blue","description":"test-1","ip_address":null,"active":false,"paused":true,"is_shared":true,"runner_type":"instance_type","online":true,"created_by":` + linusUserJSON + `,"created_at":"2018-09-13T00:40:48Z","status":"online","job_execution_status":"idle"},"runner_manager":{"id":1,"system_id":"s_89e5e9956577","version":"16.11.1","revision":"535ced5f","platform":"linux","architecture":"amd64","created_at":"2018-09-13T00:40:49Z","contacted_at":"2018-09-13T00:40:50Z","ip_address":"192.0.2.1","status":"offline","job_execution_status":"active"},"web_url":"https://g/group/app/-/jobs/7"}`

var fullJob = gitlab.Job{
	ID: 7, Name: "teaspoon", Stage: "test", Status: gitlab.JobFailed, FailureReason: "script_failure", AllowFailure: true, Ref: "main", Tag: true, Coverage: new(98.29),
	Duration: 0.173, QueuedDuration: 0.01, CreatedAt: second(43), StartedAt: second(44), FinishedAt: second(45), ErasedAt: second(46), Archived: true, User: graceUser,
	Commit: fullCommit, Pipeline: fullBasicPipeline, Project: gitlab.JobProject{CIJobTokenScopeEnabled: true},
	Artifacts:         []gitlab.JobArtifact{{FileType: "archive", Filename: "artifacts.zip", FileFormat: "zip", Size: 1000}},
	ArtifactsExpireAt: second(47), TagList: []string{"docker runner", "ubuntu18"},
	Runner: gitlab.JobRunner{
		ID: 32, Name: "blue", Description: "test-1", RunnerType: "instance_type", IsShared: true, Paused: true, Online: true, Status: "online", JobExecutionStatus: "idle",
		CreatedBy: linusUser, CreatedAt: second(48),
	},
	RunnerManager: gitlab.JobRunnerManager{
		ID: 1, SystemID: "s_89e5e9956577", Version: "16.11.1", Revision: "535ced5f", Platform: "linux", Architecture: "amd64", IPAddress: "192.0.2.1", Status: "offline",
		JobExecutionStatus: "active", CreatedAt: second(49), ContactedAt: second(50),
	},
	WebURL: "https://g/group/app/-/jobs/7",
}

// read is fetch for a stream.
func read(f func(context.Context, *gitlab.Client) (io.ReadCloser, error)) func(context.Context, *gitlab.Client) (any, error) {
	return func(ctx context.Context, c *gitlab.Client) (any, error) {
		stream, err := f(ctx, c)
		if err != nil {
			return nil, err
		}
		defer stream.Close()
		text, err := io.ReadAll(stream)
		return string(text), err
	}
}

func TestJobsAPI(t *testing.T) {
	t.Parallel()
	assertFilled(t, "Job", reflect.ValueOf(fullJob))
	list := func(in gitlab.ListJobs) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Job, error] {
			return c.Jobs.List(ctx, "group/app.io", in)
		})
	}
	const all = "/projects/group%2Fapp.io/jobs"
	runTyped(t, []typedCall{{
		name: "all", method: http.MethodGet, path: all + "?pagination=keyset&per_page=100", status: 200, answer: "[" + jobJSON + "]", want: []gitlab.Job{fullJob},
		make: list(gitlab.ListJobs{}),
	}, {
		name: "some", method: http.MethodGet, path: all + "?pagination=keyset&per_page=100&scope%5B%5D=pending&scope%5B%5D=running",
		status: 200, answer: "[" + jobJSON + "]", want: []gitlab.Job{fullJob}, make: list(gitlab.ListJobs{Scope: []gitlab.JobStatus{gitlab.JobPending, gitlab.JobRunning}}),
	}, {
		name: "get", method: http.MethodGet, path: all + "/7", status: 200, answer: jobJSON, want: fullJob,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Job, error) {
			return c.Jobs.Get(ctx, "group/app.io", 7)
		}),
	}, {
		name: "trace", method: http.MethodGet, path: all + "/7/trace", status: 200, answer: "Running\n\x1b[0KDone", want: "Running\n\x1b[0KDone",
		make: read(func(ctx context.Context, c *gitlab.Client) (io.ReadCloser, error) {
			return c.Jobs.Trace(ctx, "group/app.io", 7)
		}),
	}, {
		name: "artifacts", method: http.MethodGet, path: all + "/7/artifacts", status: 200, answer: "PK\x03\x04\x00\xff", want: "PK\x03\x04\x00\xff",
		make: read(func(ctx context.Context, c *gitlab.Client) (io.ReadCloser, error) {
			return c.Jobs.Artifacts(ctx, "group/app.io", 7)
		}),
	}})
}

func TestArtifactsMayBeElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(inTurn(redirect(http.StatusFound, "https://storage.example.net/artifacts.zip?signature=1"), always(http.StatusOK, "PK")))
	got, err := read(func(ctx context.Context, c *gitlab.Client) (io.ReadCloser, error) {
		return c.Jobs.Artifacts(ctx, "group/app.io", 7)
	})(t.Context(), w.client.WithToken("glpat-1"))
	require.NoError(t, err)
	assert.Equal(t, "PK", got)
	assert.Equal(t, "https://storage.example.net/artifacts.zip?signature=1", w.sent()[1].URL)
	assert.Empty(t, w.sent()[1].Authorization)
}

func TestNullsOfJobsAreZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `{"id":7,"status":"created","coverage":null,"started_at":null,"finished_at":null,"erased_at":null,"duration":null,"queued_duration":null,"user":null,"commit":null,"runner":null,"runner_manager":null,"artifacts":[],"artifacts_expire_at":null,"tag_list":[]}`))
	job, err := w.client.Jobs.Get(t.Context(), "group/app.io", 7)
	require.NoError(t, err)
	assert.Equal(t, gitlab.Job{ID: 7, Status: gitlab.JobCreated, Artifacts: []gitlab.JobArtifact{}, TagList: []string{}}, job)
}
