package redisstore_test

import (
	"fmt"
	"log"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/redisstore"
)

func Example() {
	// With MasterName this is Sentinel, with several Addrs a Cluster.
	rdb := redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs:    []string{"redis.example.com:6379"},
		Username: "gitlab",
		Password: "secret",
	})
	defer func() { _ = rdb.Close() }()

	store, err := redisstore.New(rdb,
		redisstore.Prefix("dashboard:gitlab:"),
		redisstore.WaitReplicas(1, time.Second)) // where there is a replica
	if err != nil {
		log.Fatal(err)
	}
	client, err := gitlab.New(gitlab.Config{
		BaseURL:  gitlab.GitLabCom,
		Provider: gitlab.OAuthProvider{ClientID: "id", ClientSecret: "secret"},
		Store:    store,
	})
	if err != nil {
		log.Fatal(err)
	}
	_ = client.As("user-42") // calls as that user; all replicas share one refresh

	fmt.Println(store)
	// Output: redisstore(dashboard:gitlab:)
}
