package prune

// A truth is what is known of a statement: it does not hold, it may or may not,
// it does.
type truth uint8

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// is returns whether the statement has the wanted value.
func (t truth) is(want bool) truth {
	if want {
		return t
	}
	return yes - t
}

// met reports whether a rule with that outcome takes the statement as true.
func (t truth) met(o Outcome) bool { return t == yes || t == unknown && o == Keep }
