package sqlstores

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/sqlstore"
)

// In a large table no statement may look at all rows.
func TestEveryStatementFindsItsRowByTheKey(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p place) {
		h := p.open(t)
		h.fill(t, p)
		h.spy.forget()
		id := create(t, h, "ann")
		lock(t, h, "ann").Unlock()
		var err error
		id.Revision, err = h.SaveIdentity(t.Context(), id)
		require.NoError(t, err)
		require.NoError(t, h.DeleteIdentity(t.Context(), "ann", id.Revision))
		require.ErrorIs(t, h.DeleteIdentity(t.Context(), "ann", id.Revision), gitlab.ErrIdentityNotFound)
		lock(t, h, "ann").Unlock()
		_, err = h.LoadIdentity(t.Context(), "ann")
		require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)

		sent := h.spy.sent()
		require.GreaterOrEqual(t, len(sent), 10)
		for _, statement := range sent {
			plan := h.plan(t, p, statement)
			switch p.Dialect {
			case sqlstore.PostgreSQL:
				assert.NotContains(t, plan, "Seq Scan", statement)
				assert.Contains(t, plan, p.Table+"_pkey", statement)
			case sqlstore.MySQL: // of an insert it says ALL, whatever the insert does
				if !strings.HasPrefix(statement, "INSERT") {
					assert.NotRegexp(t, `\b(ALL|index)\b`, plan, statement)
				}
			case sqlstore.SQLite:
				assert.NotContains(t, plan, "SCAN", statement)
			}
		}
	})
}

// fill adds thousands of grants.
func (h handle) fill(t *testing.T, p place) {
	t.Helper()
	const all = 20000
	for begin := 0; begin < all; begin += 1000 {
		var rows []string
		for n := begin; n < begin+1000; n++ {
			rows = append(rows, fmt.Sprintf("(%s, '', '{}', 'r%d')", literal(p, fmt.Sprint("user-", n)), n))
		}
		h.exec(t, "INSERT INTO "+p.Table+" (identity_key, base_url, data, revision) VALUES "+strings.Join(rows, ","))
	}
	h.exec(t, map[sqlstore.Dialect]string{sqlstore.MySQL: "ANALYZE TABLE "}[p.Dialect]+
		map[sqlstore.Dialect]string{sqlstore.PostgreSQL: "ANALYZE ", sqlstore.SQLite: "ANALYZE "}[p.Dialect]+p.Table)
}

// plan is how the database would do a statement, with any arguments.
func (h handle) plan(t *testing.T, p place, statement string) string {
	t.Helper()
	explain := "EXPLAIN "
	if p.Dialect == sqlstore.SQLite {
		explain = "EXPLAIN QUERY PLAN "
	}
	for n := 9; n > 0; n-- {
		statement = strings.ReplaceAll(statement, fmt.Sprint("$", n), "'5'")
	}
	statement = strings.ReplaceAll(statement, "?", "'5'")
	if p.Dialect == sqlstore.SQLite {
		statement = strings.ReplaceAll(statement, "identity_key = '5'", "identity_key = "+literal(p, "5"))
	}
	rows, err := h.db.QueryContext(t.Context(), explain+statement)
	require.NoError(t, err, statement)
	defer func() { require.NoError(t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var plan strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		require.NoError(t, rows.Scan(values...))
		for _, value := range values {
			if raw, ok := (*value.(*any)).([]byte); ok {
				fmt.Fprintf(&plan, "%s ", raw)
			} else {
				fmt.Fprintf(&plan, "%v ", *value.(*any))
			}
		}
		plan.WriteString("\n")
	}
	require.NoError(t, rows.Err())
	return plan.String()
}
