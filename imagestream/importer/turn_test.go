package importer_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/stretchr/testify/require"
)

// several is a registry with further credentials.
type several struct {
	*fake
	others []importer.Candidate
	err    error
}

func (s several) Candidates(context.Context, importer.Target) (string, []importer.Candidate, error) {
	return "the first", s.others, s.err
}

// denying is a registry that lets nobody in.
func denying(class importer.Class) *fake {
	f := newFake()
	f.fail = func(string, importer.Target) error { return &importer.Error{Class: class, Err: errors.New("go away")} }
	return f
}

// TestTurnNamesABoundedNumber: the first answer's class is told, whatever the others were.
func TestTurnNamesABoundedNumber(t *testing.T) {
	r := several{fake: denying(importer.Denied)}
	for n := range 20 {
		r.others = append(r.others, importer.Candidate{Name: fmt.Sprintf("c%d", n), Registry: denying(importer.Unauthorized)})
	}
	result := do(t, importer.Importer{Registry: r}, stream("", "v0="+repo+":v0"), importer.Request{})
	err := result.Tags[0].Err
	require.Equal(t, importer.Denied, err.Class)
	require.ErrorContains(t, err, "go away; no credential was accepted; 1. the first: denied; 2. c0: unauthorized; ")
	require.ErrorContains(t, err, "8. c6: unauthorized; and 13 more")
	require.NotContains(t, err.Error(), "c7")
	require.Equal(t, 21, result.Requests.Heads)
}

// TestTurnWithoutItsCandidates: that they could not be found out does not lose a public
// image, and is told where there is none.
func TestTurnWithoutItsCandidates(t *testing.T) {
	public := newFake()
	public.tag(repo, "v0", public.image("linux", "amd64", "one"))
	r := several{fake: denying(importer.Unauthorized), err: errors.New("gone")}
	require.Empty(t, do(t, importer.Importer{Registry: r, Anonymous: public}, stream("", "v0="+repo+":v0"), importer.Request{}).Failed())
	result := do(t, importer.Importer{Registry: r}, stream("", "v0="+repo+":v0"), importer.Request{})
	require.Equal(t, importer.Unauthorized, result.Tags[0].Err.Class)
	require.ErrorContains(t, result.Tags[0].Err, "2. the others: gone")
}
