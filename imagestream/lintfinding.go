package imagestream

import (
	"maps"
	"slices"
	"strings"
)

// LintReport is what [Lint] found, in the order of tags, rules and fields; what
// is about the stream as a whole comes first.
type LintReport struct {
	Findings []Finding
	// NotChecked is what could not be told.
	NotChecked []NotChecked
}

// Finding is one thing that is wrong with a stream.
type Finding struct {
	Rule     LintRule
	Severity Severity
	// Tag is the tag that it is about; empty for the stream as a whole.
	Tag string
	// Field is where in the stream, as in spec.tags[web].from.name.
	Field string
	// Message says what is wrong, and Hint what to do about it, for people.
	// They may hold texts of the stream, shortened.
	Message, Hint string
	// Path are the tags that lead from Tag to where it goes wrong, for rules
	// about tags that follow others: Tag itself, what it follows, and so on.
	// Of more than 32 the last ones but one are left out.
	Path []TagName
	// Err is the class where there is one: [ErrTagNotFound],
	// [ErrStreamNotFound] or [ErrImageNotFound] for [RuleDangling], a
	// [*CycleError], the error of a pull spec that does not parse.
	Err error
}

// String returns the finding in one line, without the hint.
func (f Finding) String() string {
	return string(f.Severity) + " " + string(f.Rule) + lintPlace(f.Field) + ": " + f.Message
}

// NotChecked is what could not be told, and why.
type NotChecked struct {
	// Rule is the rule that may have had a finding, or have had others.
	Rule    LintRule
	Tag     string
	Field   string
	Message string
	// Err is the error of the lookup, or [ErrNoLookup]; nil where an option
	// was not given.
	Err error
}

// String returns it in one line.
func (n NotChecked) String() string {
	return "not checked " + string(n.Rule) + lintPlace(n.Field) + ": " + n.Message
}

func lintPlace(field string) string {
	if field == "" {
		return ""
	}
	return " " + field
}

// Severity is how bad a [Finding] is.
type Severity string

// The severities.
const (
	// SeverityError: something does not work.
	SeverityError Severity = "error"
	// SeverityWarning: it works, and not as most would expect, or not for long.
	SeverityWarning Severity = "warning"
	// SeverityInfo: worth knowing.
	SeverityInfo Severity = "info"
)

// LintRule says which rule a [Finding] is of. The values are stable; programs
// may pass over the findings of some.
type LintRule string

// The rules, with their severity where it is not always the same one.
const (
	// RuleDangling (error): a tag follows, at any distance, what is not there:
	// a tag, a stream, or an image in a stream. It keeps what it points to.
	RuleDangling LintRule = "dangling"
	// RuleAliasCycle (error): a tag follows itself, or one that does.
	RuleAliasCycle LintRule = "alias-cycle"
	// RuleAliasChain (warning): a tag follows a tag that follows another.
	// OpenShift's API server brings only direct followers up to date.
	RuleAliasChain LintRule = "alias-chain"
	// RuleAliasElsewhere (warning): a tag follows a tag of another stream.
	// OpenShift's API server copies that once, and does not follow.
	RuleAliasElsewhere LintRule = "alias-elsewhere"
	// RuleAliasStale (warning): a tag does not point to what it follows, which
	// was changed since. [FollowAliases] puts it right.
	RuleAliasStale LintRule = "alias-stale"
	// RuleAliasPolicy (info): a tag and what it follows have different
	// reference policies, so the same image is pulled from two places.
	RuleAliasPolicy LintRule = "alias-policy"
	// RuleAmbiguousImage (error): a tag names the start of a digest that
	// several images share.
	RuleAmbiguousImage LintRule = "ambiguous-image"
	// RuleTagName (error): a tag has a name that no pull spec can hold, so
	// that nobody can pull it.
	RuleTagName LintRule = "tag-name"
	// RuleDuplicateTag (error): a tag is there twice. The server keeps the
	// last.
	RuleDuplicateTag LintRule = "duplicate-tag"
	// RuleSource (error): where a tag comes from cannot be read, or is read as
	// a registry without an image, or is of an unknown kind.
	RuleSource LintRule = "source"
	// RulePolicy (error): an unknown import mode or reference policy.
	RulePolicy LintRule = "policy"
	// RuleIdleSchedule (warning): an import is scheduled that never brings
	// anything: a digest stays what it is, and only a pull spec is imported.
	RuleIdleSchedule LintRule = "idle-schedule"
	// RuleInsecureTag (warning): a tag may be imported over plain HTTP, or
	// with a certificate that does not verify.
	RuleInsecureTag LintRule = "insecure-tag"
	// RuleInsecureStream (warning): the same for every registry that the
	// stream uses, by [InsecureRepositoryAnnotation].
	RuleInsecureStream LintRule = "insecure-stream"
	// RuleLocalPolicy (warning): tags have [LocalTagReferencePolicy], and the
	// stream has no repository in an integrated registry: they are pulled from
	// where they came from.
	RuleLocalPolicy LintRule = "local-policy"
	// RuleLongHistory (warning): a history has more items than
	// [LintOptions.MaxItems].
	RuleLongHistory LintRule = "long-history"
	// RuleLargeStream (warning): the stream is larger than
	// [LintOptions.MaxBytes].
	RuleLargeStream LintRule = "large-stream"
	// RulePreserveOriginalLost (warning, or info where it is only likely): a
	// tag is imported in [ImportModeLegacy] or in the cluster's mode, and once
	// was not: the next import takes one image out of the manifest list, or
	// the last one has. `oc import-image` does that to a tag where --import-mode
	// is left out.
	//
	// What tells it: the last configuration that `oc apply` stored in the
	// stream; or, with [LintOptions.Images], a manifest list as the newest
	// item of a tag with the mode Legacy, or as an earlier item of a tag whose
	// newest is none. Images that were pushed do not count. Without either,
	// nothing does: a digest does not say what it is of.
	RulePreserveOriginalLost LintRule = "preserve-original-lost"
	// RuleImportFailed (error; warning where the tag points to what an earlier
	// import of the same source brought).
	RuleImportFailed LintRule = "import-failed"
	// RuleImportPending (info): an import was asked for and not answered.
	RuleImportPending LintRule = "import-pending"
	// RuleEmptyTag (info): a spec tag has no source, and nobody has pushed to
	// it: nothing can be pulled.
	RuleEmptyTag LintRule = "empty-tag"
	// RuleOrphanedHistory (info): a tag has a history that comes from
	// elsewhere, and no spec: it can be pulled, and is imported no more. Or it
	// has not even a history, but conditions alone.
	RuleOrphanedHistory LintRule = "orphaned-history"
)

// LintRules returns every rule, in the order of their names.
func LintRules() []LintRule { return slices.Sorted(maps.Keys(ruleSeverities)) }

var ruleSeverities = map[LintRule]Severity{
	RuleDangling: SeverityError, RuleAliasCycle: SeverityError, RuleAliasChain: SeverityWarning,
	RuleAliasElsewhere: SeverityWarning, RuleAliasStale: SeverityWarning, RuleAliasPolicy: SeverityInfo,
	RuleAmbiguousImage: SeverityError, RuleTagName: SeverityError, RuleDuplicateTag: SeverityError,
	RuleSource: SeverityError, RulePolicy: SeverityError, RuleIdleSchedule: SeverityWarning,
	RuleInsecureTag: SeverityWarning, RuleInsecureStream: SeverityWarning, RuleLocalPolicy: SeverityWarning,
	RuleLongHistory: SeverityWarning, RuleLargeStream: SeverityWarning, RulePreserveOriginalLost: SeverityWarning,
	RuleImportFailed: SeverityError, RuleImportPending: SeverityInfo, RuleEmptyTag: SeverityInfo,
	RuleOrphanedHistory: SeverityInfo,
}

// shortText shortens a text from outside that goes into a message. The longest
// name of a tag that is valid fits.
func shortText(s string) string {
	const most = 512
	if s = strings.TrimSpace(s); len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
