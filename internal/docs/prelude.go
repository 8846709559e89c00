package main

// prelude is what blocks may use without declaring it: the names that stand for
// the same thing wherever the documentation says them.
var prelude = map[string]string{ //nolint:gosec // G101: these are the names of types
	"ada":          "*gitlab.Client", // acts as an identity
	"baseURL":      "string",
	"client":       "*gitlab.Client",
	"clientID":     "string",
	"clientSecret": "string",
	"code":         "string",
	"ctx":          "context.Context",
	"db":           "*sql.DB",
	"dir":          "string",
	"dsn":          "string",
	"err":          "error",
	"id":           "string",
	"key":          "[]byte",
	"keys":         "[]string",
	"provider":     "gitlab.OAuthProvider",
	"secret":       "string",
	"srv":          "*gitlabtest.Server",
	"store":        "gitlab.IdentityStore",
	"t":            "*testing.T",
	"tokens":       "gitlab.OAuthData",
	"verifier":     "string",
}

// packages are those that blocks may name, by the names they go by.
var packages = map[string]string{
	"assert":     "github.com/stretchr/testify/assert",
	"base64":     "encoding/base64",
	"bytes":      "bytes",
	"clientgo":   "gitlab.com/gitlab-org/api/client-go/v2",
	"context":    "context",
	"errors":     "errors",
	"filestore":  "github.com/freshgrant/gitlab/store/filestore",
	"fmt":        "fmt",
	"gitlab":     "github.com/freshgrant/gitlab",
	"gitlabtest": "github.com/freshgrant/gitlab/gitlabtest",
	"http":       "net/http",
	"io":         "io",
	"json":       "encoding/json",
	"log":        "log",
	"net":        "net",
	"oauth2":     "golang.org/x/oauth2",
	"os":         "os",
	"redis":      "github.com/redis/go-redis/v9",
	"redisstore": "github.com/freshgrant/gitlab/store/redisstore",
	"require":    "github.com/stretchr/testify/require",
	"sealed":     "github.com/freshgrant/gitlab/store/sealed",
	"signal":     "os/signal",
	"signin":     "github.com/freshgrant/gitlab/signin",
	"slices":     "slices",
	"slog":       "log/slog",
	"sql":        "database/sql",
	"sqlstore":   "github.com/freshgrant/gitlab/store/sqlstore",
	"storetest":  "github.com/freshgrant/gitlab/store/storetest",
	"strings":    "strings",
	"sync":       "sync",
	"synctest":   "testing/synctest",
	"syscall":    "syscall",
	"testing":    "testing",
	"time":       "time",
	"tls":        "crypto/tls",
	"webhook":    "github.com/freshgrant/gitlab/webhook",
	"x509":       "crypto/x509",
}

// modules are those of this repository that bring what blocks import.
var modules = []string{".", "store/redisstore", "internal/e2e"}
