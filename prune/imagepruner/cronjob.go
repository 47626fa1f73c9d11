package imagepruner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// The defaults of [CronJobOptions], which are what the operator calls its own.
const (
	DefaultNamespace      = "openshift-image-registry"
	DefaultCronJobName    = "image-pruner"
	DefaultServiceAccount = "pruner"
	DefaultPriorityClass  = "system-cluster-critical"
	// DefaultImage has oc. It is a tag that moves: name a digest in production.
	DefaultImage = "quay.io/openshift/origin-cli:latest"
)

// Where the certificate authority of the cluster's services is, for oc to trust the
// registry.
const (
	serviceCAConfigMap = "serviceca"
	serviceCAFolder    = "/var/run/configmaps/serviceca"
	serviceCAFile      = serviceCAFolder + "/service-ca.crt"
)

// JobLabel and its value mark the pruner's Jobs.
const (
	JobLabel      = "created-by"
	JobLabelValue = "image-pruner"
)

// CronJobOptions say how a CronJob prunes. The zero value is `oc adm prune images` as
// the operator runs it, but without a shell.
type CronJobOptions struct {
	Namespace, Name string // empty: as the operator's

	// Image of the container. Empty: [DefaultImage].
	Image string
	// Command is the program with its arguments; no shell sees it. Nil: `oc adm prune
	// images` with the spec's flags.
	Command []string
	// Registry is for the flags.
	Registry Registry

	// ServiceAccount that the Pod runs as, see [RBAC]. Empty: pruner.
	ServiceAccount string
	// PriorityClass of the Pod. Empty: system-cluster-critical.
	PriorityClass string
	// Zone is the time zone of the schedule. Nil: the control plane's own, which is
	// UTC on OpenShift.
	Zone *time.Location
}

func (o CronJobOptions) withDefaults() CronJobOptions {
	for field, value := range map[*string]string{
		&o.Namespace: DefaultNamespace, &o.Name: DefaultCronJobName, &o.Image: DefaultImage,
		&o.ServiceAccount: DefaultServiceAccount, &o.PriorityClass: DefaultPriorityClass,
	} {
		if *field == "" {
			*field = value
		}
	}
	return o
}

// object is a Kubernetes object, or part of one.
type object map[string]any

// CronJob returns the manifest of the batch/v1 CronJob that prunes by the spec, as
// indented JSON that `kubectl apply -f -` takes.
//
// A run that fails is not repeated, since what it fails for (references that do not
// parse, missing rights) does not go away by itself. Two runs never overlap.
//
// It needs the ConfigMap serviceca, which the operator makes, and the rights of
// [RBAC]. The error says what is wrong with the spec or the options.
func (s ImagePrunerSpec) CronJob(o CronJobOptions) ([]byte, error) {
	command := o.Command
	flags, err := s.Flags(o.Registry)
	if err != nil {
		return nil, err
	}
	if command == nil {
		command = append([]string{"oc", "adm", "prune", "images"}, flags...)
	}
	if len(command) == 0 || command[0] == "" {
		return nil, errors.New("the command is empty")
	}
	o = o.withDefaults()
	if _, err := imagestream.ParsePullSpecStrict(o.Image); err != nil {
		return nil, fmt.Errorf("the pruner's image: %w", err)
	}
	s = s.WithDefaults()
	spec := object{
		"schedule":                   s.Schedule,
		"suspend":                    *s.Suspend,
		"concurrencyPolicy":          "Forbid",
		"startingDeadlineSeconds":    int64(StartingDeadline / time.Second),
		"successfulJobsHistoryLimit": *s.SuccessfulJobsHistoryLimit,
		"failedJobsHistoryLimit":     *s.FailedJobsHistoryLimit,
		"jobTemplate": object{
			"metadata": object{"labels": object{JobLabel: JobLabelValue}},
			"spec":     object{"backoffLimit": 0, "template": s.podTemplate(o, command)},
		},
	}
	if o.Zone != nil {
		if o.Zone == time.Local {
			return nil, errors.New("the zone is this machine's own: name it")
		}
		spec["timeZone"] = o.Zone.String()
	}
	return manifest(object{
		"apiVersion": "batch/v1",
		"kind":       "CronJob",
		"metadata":   object{"name": o.Name, "namespace": o.Namespace},
		"spec":       spec,
	})
}

func (s ImagePrunerSpec) podTemplate(o CronJobOptions, command []string) object {
	return object{
		"metadata": object{
			"labels":      object{"app": JobLabelValue},
			"annotations": object{"openshift.io/required-scc": "restricted-v2"},
		},
		"spec": object{
			"restartPolicy":      "Never",
			"serviceAccountName": o.ServiceAccount,
			"priorityClassName":  o.PriorityClass,
			"affinity":           s.Affinity,
			"nodeSelector":       s.NodeSelector,
			"tolerations":        s.Tolerations,
			"securityContext": object{
				"runAsNonRoot":   true,
				"seccompProfile": object{"type": "RuntimeDefault"},
			},
			"containers": []object{{
				"name":                     JobLabelValue,
				"image":                    o.Image,
				"command":                  command,
				"resources":                s.Resources,
				"terminationMessagePolicy": "FallbackToLogsOnError",
				"securityContext": object{
					"readOnlyRootFilesystem":   true,
					"allowPrivilegeEscalation": false,
					"capabilities":             object{"drop": []string{"ALL"}},
				},
				"volumeMounts": []object{{"name": serviceCAConfigMap, "mountPath": serviceCAFolder, "readOnly": true}},
			}},
			"volumes": []object{{"name": serviceCAConfigMap, "configMap": object{"name": serviceCAConfigMap}}},
		},
	}
}

func manifest(o object) ([]byte, error) {
	text, err := compact(o)
	if err != nil {
		return nil, err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "  "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}
