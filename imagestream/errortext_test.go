package imagestream

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Streams come from people, and what they hold must not fill logs: the text of
// an error stays short however many tags, and however long names it is about.
// Its fields hold everything.
func TestErrorsStayShort(t *testing.T) {
	const n = 2000
	chain := New("shop", "web")
	for i := range n {
		chain.Spec.Tags = append(chain.Spec.Tags, alias(fmt.Sprintf("t%04d", i), fmt.Sprintf("t%04d", i+1)).Tag)
	}
	path, err := FollowTag(chain, "t0000", nil)
	require.ErrorIs(t, err, ErrTagNotFound)
	require.Len(t, path, n+1)
	require.Equal(t, "imagestream: follow tag ImageStream shop/web: spec.tags[t0000]: shop/web:t0000 -> shop/web:t0001 -> shop/web:t0002 -> "+
		"shop/web:t0003 -> shop/web:t0004 -> shop/web:t0005 -> shop/web:t0006 -> … 1993 tags … -> shop/web:t2000: shop/web:t2000: no such tag", err.Error())

	chain.Spec.Tags[n-1].From.Name = "t0000"
	_, err = FollowTag(chain, "t0000", nil)
	var cycle *CycleError
	require.ErrorAs(t, err, &cycle)
	require.Len(t, cycle.Path, n)
	require.Equal(t, "a cycle of tags: shop/web:t0000 -> shop/web:t0001 -> shop/web:t0002 -> shop/web:t0003 -> shop/web:t0004 -> "+
		"shop/web:t0005 -> shop/web:t0006 -> … 1993 tags … -> shop/web:t0000", cycle.Error())
	require.Equal(t, "a cycle of tags: shop/web:a -> shop/web:b -> shop/web:a", newCycleError([]TagName{chain.tagName("b"), chain.tagName("a")}).Error())

	huge := strings.Repeat("x", 1<<16)
	ambiguous := shop()
	for i := range n {
		ambiguous.Status.Tags = append(ambiguous.Status.Tags, NamedTagEventList{Tag: fmt.Sprint(i), Items: []TagEvent{{Image: digest(i)}}})
	}
	stranger := apply(t, shop(), fromDocker("a", "quay.io/shop/web:1"))
	stranger.Spec.Tags[0].From = &ObjectReference{Kind: KindImageStreamTag, Namespace: huge, Name: huge + ":" + huge}
	for name, try := range map[string]func() error{
		"ambiguous":   func() error { _, err := ambiguous.FindImage("sha256:"); return err },
		"follow":      func() error { _, err := FollowTag(stranger, "a", LookupIn()); return err },
		"follow self": func() error { _, err := FollowTag(New(huge, huge), huge, nil); return err },
		"resolve":     func() error { _, err := New(huge, huge).NewestPullSpec(huge, ResolveOptions{}); return err },
		"delete":      func() error { _, _, err := Apply(New(huge, huge), DeleteTag{Tag: huge}, at(1)); return err },
		"roll back":   func() error { _, _, err := Apply(New(huge, huge), RollBack{Tag: huge}, at(1)); return err },
		"find":        func() error { _, err := New(huge, huge).FindImage(huge); return err },
	} {
		err := try()
		require.Error(t, err, name)
		require.Less(t, len(err.Error()), 4096, name)
	}

	next, _, err := Applier{Lookup: LookupIn()}.Apply(stranger, FollowAliases{}, at(2))
	require.NoError(t, err)
	require.Less(t, len(next.StatusTag("a").Conditions[0].Message), 2048)
}

// Zero values of the error types, which nobody makes but by mistake, have a text.
func TestZeroErrors(t *testing.T) {
	for _, err := range []error{&Error{}, &CycleError{}, &AmbiguousImageError{}} {
		require.NotPanics(t, func() { require.NotEmpty(t, err.Error()) })
	}
	require.False(t, errors.Is(&Error{}, ErrNoImage))
}
