package access

// Action is what a client wants to do in a registry.
type Action string

// The actions.
const (
	// Pull reads manifests, blobs and the list of tags.
	Pull Action = "pull"
	// Push writes blobs, manifests and tags. A request that pushes is asked
	// for Pull, too.
	Push Action = "push"
	// Delete removes a manifest or a link from a repository.
	Delete Action = "delete"
	// ReadSignatures reads the signatures of an image in a repository.
	ReadSignatures Action = "signature-read"
	// WriteSignature adds one.
	WriteSignature Action = "signature-write"
	// Catalog lists the repositories of the registry.
	Catalog Action = "catalog"
	// Prune removes blobs from the storage.
	Prune Action = "prune"
	// Metrics reads the registry's metrics.
	Metrics Action = "metrics"
)

// AnyRepository stands for all repositories of the registry; see
// [Access.Repository].
const AnyRepository = "*"

// Access is an action, and what it is done to. It is comparable.
type Access struct {
	Action Action
	// Repository is namespace/name for the actions on a repository, and empty
	// for [Catalog], [Prune] and [Metrics]. To ask whether somebody may do
	// something to all streams of a namespace, it is namespace/*, and to all
	// there are, [AnyRepository]: neither is the name of any repository, and
	// [ParseScope] and [ForRequest] take them from no client.
	Repository string
	// Optional is true where the request goes on if this is denied: the
	// repository that a blob is mounted from. The blob is then uploaded.
	Optional bool
}

// String returns the action and the repository, as in "pull dev/app".
func (a Access) String() string {
	if a.Repository == "" {
		return string(a.Action)
	}
	return string(a.Action) + " " + a.Repository
}

// row is one line of the table in the package comment.
type row struct {
	action Action
	// scopeType, scopeName and scopeAction are the parts of its scope;
	// scopeName is empty where the repository is put.
	scopeType, scopeName, scopeAction string
	// repository is true where the action is on a repository, and ofStream
	// where the review names the stream.
	repository, ofStream bool
	verb                 string
	resource             string
	subresource          string
}

const (
	verbGet    = "get"
	verbUpdate = "update"
	verbDelete = "delete"
	verbCreate = "create"
	verbList   = "list"
)

// table is in the order in which [ResourceAttributes.Accesses] lists.
var table = [...]row{
	{Pull, "repository", "", "pull", true, true, verbGet, "imagestreams", "layers"},
	{Push, "repository", "", "push", true, true, verbUpdate, "imagestreams", "layers"},
	{Delete, "repository", "", "delete", true, false, verbDelete, "images", ""},
	{ReadSignatures, "signature", "", "get", true, true, verbGet, "imagestreams", "layers"},
	{WriteSignature, "signature", "", "put", true, true, verbCreate, "imagesignatures", ""},
	{Catalog, "registry", "catalog", "*", false, false, verbList, "imagestreams", ""},
	{Prune, "admin", "", "prune", false, false, verbDelete, "images", ""},
	{Metrics, "metrics", "", "get", false, false, verbGet, "registry", "metrics"},
}

// Actions returns all actions, in the order of the table in the package comment.
func Actions() []Action {
	actions := make([]Action, len(table))
	for i, r := range table {
		actions[i] = r.action
	}
	return actions
}

func rowOf(a Action) (row, bool) {
	for _, r := range table {
		if r.action == a {
			return r, true
		}
	}
	return row{}, false
}
