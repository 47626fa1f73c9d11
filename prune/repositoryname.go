package prune

import "strings"

// splitRepository takes the name of a repository apart as inventory.RepositoryName puts
// it together: a repository of a plain registry need not have a namespace.
func splitRepository(repository string) (namespace, name string) {
	if namespace, name, ok := strings.Cut(repository, "/"); ok {
		return namespace, name
	}
	return "", repository
}
