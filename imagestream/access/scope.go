package access

import (
	"slices"
	"strings"
)

const maxScope = 64 << 10

// ParseScope reads scopes of the token specification, with spaces between them:
// type:name:action,action. They come in the order in which they are written, each
// once. The types and actions are those in the package comment; in addition
//
//   - repository:ns/name:* is Pull, Push and Delete: all there is in a
//     repository. (Registries built on distribution before 2.7 asked for it to
//     delete.)
//   - a class behind the type, as in repository(plugin), is passed over, as the
//     specification has it today.
//
// No scope at all gives nothing, and no error. The error is an [*Error] of class
// [ErrInvalidScope], [ErrUnknownAction] or [ErrInvalidRepository].
func ParseScope(scopes string) ([]Access, error) {
	if len(scopes) > maxScope {
		return nil, &Error{"parse scope", quoteShort(scopes), "it is longer than 64 KiB", ErrInvalidScope}
	}
	var found []Access
	seen := map[Access]bool{}
	for scope := range strings.SplitSeq(scopes, " ") {
		if scope == "" {
			continue
		}
		accesses, err := parseScope(scope)
		if err != nil {
			return nil, err
		}
		for _, a := range accesses {
			if !seen[a] {
				seen[a] = true
				found = append(found, a)
			}
		}
	}
	return found, nil
}

func parseScope(scope string) ([]Access, error) {
	wrong := func(reason string, class error) error {
		return &Error{"parse scope", quoteShort(scope), reason, class}
	}
	// A name may hold a colon, before a port.
	kind, rest, ok := strings.Cut(scope, ":")
	last := strings.LastIndexByte(rest, ':')
	if !ok || last < 0 {
		return nil, wrong("want type:name:actions", ErrInvalidScope)
	}
	name, actions := rest[:last], rest[last+1:]
	if class := strings.IndexByte(kind, '('); class > 0 && strings.HasSuffix(kind, ")") {
		kind = kind[:class]
	}
	var found []Access
	for action := range strings.SplitSeq(actions, ",") {
		rows := rowsOfScope(kind, action)
		if len(rows) == 0 {
			if slices.ContainsFunc(table[:], func(r row) bool { return r.scopeType == kind }) {
				return nil, wrong("no such action: "+quoteShort(action), ErrUnknownAction)
			}
			return nil, wrong("no such type", ErrInvalidScope)
		}
		for _, r := range rows {
			a := Access{Action: r.action}
			if r.repository {
				if _, _, reason := splitRepository(name); reason != "" {
					return nil, wrong(reason, ErrInvalidRepository)
				}
				a.Repository = name
			} else if name != r.scopeName {
				return nil, wrong("it names something that the registry does not have", ErrInvalidScope)
			}
			found = append(found, a)
		}
	}
	return found, nil
}

func rowsOfScope(kind, action string) []row {
	var rows []row
	for _, r := range table {
		if r.scopeType == kind && (r.scopeAction == action || kind == "repository" && action == "*") {
			rows = append(rows, r)
		}
	}
	return rows
}

// Scope returns the scope of an access, as in repository:dev/app:pull. The error
// is as that of [Access.Attributes]; there is no scope of several repositories.
func (a Access) Scope() (string, error) {
	if _, err := a.Attributes(); err != nil {
		err.(*Error).Op = "scope"
		return "", err
	}
	r, _ := rowOf(a.Action)
	name := r.scopeName
	if r.repository {
		if _, _, reason := splitRepository(a.Repository); reason != "" {
			return "", a.repositoryError("scope", "a scope is of one repository")
		}
		name = a.Repository
	}
	return r.scopeType + ":" + name + ":" + r.scopeAction, nil
}
