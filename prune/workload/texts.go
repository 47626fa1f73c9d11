package workload

// texts keeps one copy of each of the short texts that a dump repeats over and
// over: namespaces, kinds, API versions.
type texts struct{ known map[string]string }

const (
	mostTexts    = 8 << 10
	longestKnown = 256
)

// limit forgets everything once there is much of it.
func (t *texts) limit() {
	if len(t.known) > mostTexts {
		clear(t.known)
	}
}

func (t *texts) keep(b []byte) string {
	if known, ok := t.known[string(b)]; ok {
		return known
	}
	text := clip(string(b))
	if len(b) <= longestKnown {
		if t.known == nil {
			t.known = make(map[string]string)
		}
		t.known[string(b)] = text
	}
	return text
}
