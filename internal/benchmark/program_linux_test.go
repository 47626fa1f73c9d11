package benchmark

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/clustergen"
)

var program = sync.OnceValues(func() (string, error) {
	name := filepath.Join(folder, "pruneplan")
	return name, exec.Command("go", "build", "-o", name, "../../examples/pruneplan").Run()
})

// BenchmarkProgram runs pruneplan -o json, and steps through the same dump
// before and after. Its metrics are the ratio of the two and the most memory
// that was resident, as the kernel counts it.
func BenchmarkProgram(b *testing.B) {
	name, err := program()
	require.NoError(b, err)
	for _, n := range sizes {
		b.Run(sizeName(n), func(b *testing.B) {
			dump := dumpOf(b, n)
			setBytes(b, dump)
			var planning, stepping time.Duration
			var resident int64
			for b.Loop() {
				start := time.Now()
				step(b, dump)
				stepping += time.Since(start) / 2
				start = time.Now()
				cmd := exec.Command(name, "-o", "json", "--listed", "all", "--now", clustergen.Now().Format(time.RFC3339), dump)
				require.NoError(b, cmd.Start())
				peak := watchMemory(cmd.Process.Pid)
				require.NoError(b, cmd.Wait())
				planning += time.Since(start)
				resident = max(resident, <-peak)
				start = time.Now()
				step(b, dump)
				stepping += time.Since(start) / 2
			}
			b.ReportMetric(float64(planning)/float64(stepping), "×step")
			b.ReportMetric(planning.Seconds()/float64(b.N), "s/plan")
			b.ReportMetric(float64(resident)/(1<<10), "MiB")
		})
	}
}

// watchMemory reads the most memory that a process had resident, in KiB, until
// the process ends. The rusage of a child cannot tell: it starts with its
// parent's.
func watchMemory(pid int) <-chan int64 {
	peak := make(chan int64, 1)
	go func() {
		var most int64
		for {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			_, after, found := strings.Cut(string(status), "VmHWM:")
			if err != nil || !found {
				peak <- most // it has ended
				return
			}
			if _, err := fmt.Sscanf(after, "%d kB", &most); err != nil {
				peak <- -1
				return
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	return peak
}
