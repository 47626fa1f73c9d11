package workload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

type object = map[string]any

// realisticPod is a Pod as the API server gives it: two containers with
// environment and probes, the volumes and tolerations that admission adds, the
// bookkeeping of field managers, conditions and statuses; about 10 kB of compact
// JSON.
func realisticPod(i int) object {
	name := fmt.Sprintf("checkout-7c9d5f6b8d-%05d", i)
	container := func(n int) object {
		var env []any
		for j := range 24 {
			env = append(env, object{"name": fmt.Sprintf("CHECKOUT_SETTING_%02d", j), "value": fmt.Sprintf("a value of \"some\" length, number %d", j)})
		}
		probe := object{"httpGet": object{"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10, "failureThreshold": 3, "successThreshold": 1, "timeoutSeconds": 1}
		return object{
			"name":                     fmt.Sprintf("part-%d", n),
			"image":                    fmt.Sprintf("image-registry.openshift-image-registry.svc:5000/shop/checkout-%d@sha256:%064x", n, i%100),
			"imagePullPolicy":          "IfNotPresent",
			"env":                      env,
			"livenessProbe":            probe,
			"readinessProbe":           probe,
			"resources":                object{"requests": object{"cpu": "100m", "memory": "256Mi"}, "limits": object{"memory": "512Mi"}},
			"terminationMessagePath":   "/dev/termination-log",
			"terminationMessagePolicy": "File",
			"volumeMounts": []any{
				object{"name": "config", "mountPath": "/etc/checkout", "readOnly": true},
				object{"name": "kube-api-access", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true},
			},
			"securityContext": object{"allowPrivilegeEscalation": false, "capabilities": object{"drop": []any{"ALL"}}, "runAsNonRoot": true},
		}
	}
	status := func(n int) object {
		return object{
			"name": fmt.Sprintf("part-%d", n), "ready": true, "restartCount": 0, "started": true,
			"containerID": fmt.Sprintf("cri-o://%064x", i), "state": object{"running": object{"startedAt": "2026-10-01T08:00:00Z"}},
			"image":   "image-registry.openshift-image-registry.svc:5000/shop/checkout:v1",
			"imageID": fmt.Sprintf("image-registry.openshift-image-registry.svc:5000/shop/checkout-%d@sha256:%064x", n, i%100),
		}
	}
	fields := object{}
	for j := range 40 {
		fields[fmt.Sprintf("f:field%02d", j)] = object{".": object{}, "f:inner": object{}, fmt.Sprintf("k:{\"name\":\"part-%d\"}", j): object{}}
	}
	return object{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": object{
			"name": name, "namespace": "shop", "uid": "0f0c9b2e-3f6e-4b63-8a5d-3d7a9f3f8f10", "resourceVersion": "123456789",
			"creationTimestamp": "2026-10-01T07:59:58Z", "generateName": "checkout-7c9d5f6b8d-",
			"labels":        object{"app": "checkout", "pod-template-hash": "7c9d5f6b8d"},
			"annotations":   object{"k8s.ovn.org/pod-networks": `{"default":{"ip_addresses":["10.128.2.17/23"],"mac_address":"0a:58:0a:80:02:11"}}`},
			"managedFields": []any{object{"manager": "kube-controller-manager", "operation": "Update", "fieldsV1": fields}},
		},
		"spec": object{
			"containers": []any{container(0), container(1)}, "nodeName": "worker-3", "serviceAccountName": "checkout",
			"tolerations": []any{object{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}},
			"volumes": []any{
				object{"name": "config", "configMap": object{"name": "checkout", "defaultMode": 420}},
				object{"name": "kube-api-access", "projected": object{"defaultMode": 420, "sources": []any{object{"serviceAccountToken": object{"expirationSeconds": 3607, "path": "token"}}}}},
			},
		},
		"status": object{
			"phase": "Running", "podIP": "10.128.2.17", "startTime": "2026-10-01T07:59:58Z", "qosClass": "Burstable",
			"conditions":        []any{object{"type": "Ready", "status": "True", "lastTransitionTime": "2026-10-01T08:00:00Z"}},
			"containerStatuses": []any{status(0), status(1)},
		},
	}
}

func BenchmarkScanPod(b *testing.B) {
	compact, err := json.Marshal(realisticPod(7))
	require.NoError(b, err)
	var indented bytes.Buffer
	require.NoError(b, json.Indent(&indented, compact, "            ", "    "))
	for _, of := range []struct {
		name string
		text []byte
		opts Options
	}{
		{"compact", compact, Options{Checked: true}},
		{"indented", indented.Bytes(), Options{Checked: true}},
		{"peer only", compact, Options{Checked: true, PeerOnly: true}},
		{"unchecked", compact, Options{}},
	} {
		b.Run(of.name, func(b *testing.B) {
			s, err := NewScanner(of.opts)
			require.NoError(b, err)
			b.SetBytes(int64(len(of.text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Scan(of.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkScanCustomResource(b *testing.B) {
	o := realisticPod(7)
	o["apiVersion"], o["kind"] = "example.com/v1", "Shop"
	text, err := json.Marshal(o)
	require.NoError(b, err)
	s, err := NewScanner(Options{Checked: true})
	require.NoError(b, err)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Scan(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFromMap(b *testing.B) {
	o := realisticPod(7)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := FromMap(o, nil); err != nil {
			b.Fatal(err)
		}
	}
}
