package imagepruner

// The conditions of an ImagePruner's status.
const (
	// Available: there is a CronJob that prunes.
	Available ConditionType = "Available"
	// Scheduled: it will run.
	Scheduled ConditionType = "Scheduled"
	// Failed: the last run that ended failed.
	Failed ConditionType = "Failed"
	// Degraded: something is wrong that an administrator must see to. The documented
	// resource, of older operators, has no such condition.
	Degraded ConditionType = "Degraded"
)

// The reasons of conditions. Failed has also those that Kubernetes gives a Job that
// fails, such as BackoffLimitExceeded.
const (
	ReasonReady      = "Ready"      // Available is True
	ReasonError      = "Error"      // Available or Scheduled is False, Failed is True without a reason of its own
	ReasonScheduled  = "Scheduled"  // Scheduled is True
	ReasonSuspended  = "Suspended"  // Scheduled is False
	ReasonNoRun      = "NoRun"      // Failed is Unknown
	ReasonSucceeded  = "Succeeded"  // Failed is False
	ReasonSyncError  = "SyncError"  // Degraded is True
	ReasonJobFailed  = "JobFailed"  // Degraded is True
	ReasonAsExpected = "AsExpected" // Degraded is False
)

// The messages of a pruner that is well, as the documentation has them.
const (
	messageAvailable = "Periodic image pruner has been created."
	messageScheduled = "Image pruner job has been scheduled."
	messageSucceeded = "Most recent image pruning job succeeded."
	messageSuspended = "Image pruner job has been suspended."
	messageAbsent    = "Periodic image pruner does not exist."
	messageNoRun     = "No image pruning job has run yet."
	messageFirstRun  = "The first image pruning job has not ended yet."
	messageNoJob     = "No image pruning job that ended is left to tell how it went."
)

// maxMessage is the longest message of a condition, in bytes.
const maxMessage = 4096
