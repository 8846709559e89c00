package gitlab_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

func ExamplePipelinesService_Create() {
	server, ada := signedIn()
	defer server.Close()
	server.AddFile("team/app", "main", ".gitlab-ci.yml", "test: {script: make test}\n")
	pipeline, err := ada.Pipelines.Create(context.Background(), "team/app", gitlab.CreatePipeline{
		Ref:       "main",
		Variables: []gitlab.PipelineVariable{{Key: "NIGHTLY", Value: "1"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pipeline.Ref, pipeline.User.Username)
	// Output: main ada
}

// The newest pipeline of a branch.
func ExamplePipelinesService_Latest() {
	server, ada := signedIn()
	defer server.Close()
	server.AddPipeline("team/app", "main", "failed")
	server.AddPipeline("team/app", "main", "success")
	pipeline, err := ada.Pipelines.Latest(context.Background(), "team/app", "main")
	fmt.Println(pipeline.Status == gitlab.PipelineSuccess, err)
	// Output: true <nil>
}

func ExamplePipelinesService_Jobs() {
	server, ada := signedIn()
	defer server.Close()
	pipeline := server.AddPipeline("team/app", "main", "running")
	server.AddJob(pipeline, gitlabtest.Job{Name: "lint", Status: "success"})
	server.AddJob(pipeline, gitlabtest.Job{Name: "test", Status: "failed"})
	failed := gitlab.ListPipelineJobs{Scope: []gitlab.JobStatus{gitlab.JobFailed}}
	for job, err := range ada.Pipelines.Jobs(context.Background(), "team/app", pipeline.ID, failed) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(job.Stage, job.Name, job.Status)
	}
	// Output: test test failed
}

// The log of a job is a stream: it is read line by line, however long it is.
func ExampleJobsService_Trace() {
	server, ada := signedIn()
	defer server.Close()
	job := server.AddJob(server.AddPipeline("team/app", "main", "running"), gitlabtest.Job{Name: "test", Status: "failed"})
	server.SetJobLog(job.ID, "$ make test\nok\nFAIL\n")
	trace, err := ada.Jobs.Trace(context.Background(), "team/app", job.ID)
	if err != nil {
		log.Fatal(err)
	}
	defer trace.Close()
	lines := bufio.NewScanner(trace)
	for n := 1; lines.Scan(); n++ {
		fmt.Println(n, lines.Text())
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1 $ make test
	// 2 ok
	// 3 FAIL
}

// The archive of a job's artifacts, a zip file.
func ExampleJobsService_Artifacts() {
	server, ada := signedIn()
	defer server.Close()
	job := server.AddJob(server.AddPipeline("team/app", "main", "running"), gitlabtest.Job{Name: "build", Status: "success"})
	server.SetJobArtifacts(job.ID, []byte("PK…"))
	archive, err := ada.Jobs.Artifacts(context.Background(), "team/app", job.ID)
	if err != nil {
		log.Fatal(err)
	}
	defer archive.Close()
	n, err := io.Copy(io.Discard, archive) // to a file
	fmt.Println(n, "bytes", err)
	// Output: 5 bytes <nil>
}

// A deployment by another system than GitLab CI.
func ExampleDeploymentsService_Create() {
	server, ada := signedIn()
	defer server.Close()
	ctx := context.Background()
	commit := server.AddCommit("team/app", "Begin")
	deployment, err := ada.Deployments.Create(ctx, "team/app", gitlab.CreateDeployment{
		Environment: "production",
		Ref:         "main",
		SHA:         commit.ID,
		Status:      gitlab.DeploymentRunning,
	})
	if err != nil {
		log.Fatal(err)
	}
	deployment, err = ada.Deployments.Update(ctx, "team/app", deployment.ID, gitlab.UpdateDeployment{Status: gitlab.DeploymentSuccess})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(deployment.Environment.Name, deployment.Status)
	// Output: production success
}
