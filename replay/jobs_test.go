package replay

import (
	"context"
	"crypto/sha1"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
)

// The jobs of ../../shared/PERFORMANCE.md, but for those of many policies (calibrate/jobs_test.go), run on files of its generator, named
// in the variable HISTORY with commas between them. Each prints the digest of its answer, which the peers' scripts print too.

const jobMatrix = `policy: 1
name: job
first: session
second: onboarding
clusters: {session: standard, onboarding: standard}
%s
gate: {missing: next, very_low: next, low: next, review: next, high: next, very_high: next}
matrix:
  missing:   {missing: review, very_low: review, low: review, review: review, high: approve, very_high: approve}
  very_low:  {missing: block, very_low: block, low: block, review: block, high: block, very_high: block}
  low:       {missing: block, very_low: block, low: block, review: block, high: block, very_high: block}
  review:    {missing: review, very_low: block, low: block, review: review, high: step_up, very_high: step_up}
  high:      {missing: review, very_low: block, low: block, review: review, high: approve, very_high: approve}
  very_high: {missing: review, very_low: block, low: block, review: review, high: approve, very_high: approve}
`

const jobRules = `rules:
  - {name: bot, when: session.has_automated_browser or session.has_ai_agent or session.has_spoofed_device, then: block}
  - name: codes
    when: onboarding.score >= 551 and not (session.score < 551) and
      ("RP001" in onboarding.reason_codes or "RE002" in onboarding.reason_codes or
       "RE005" in onboarding.reason_codes or "RI003" in onboarding.reason_codes)
    then: review
  - {name: vpn, when: onboarding.score >= 551 and not (session.score < 551) and session.ip_is_vpn, then: step_up}
`

func BenchmarkJobs(b *testing.B) {
	history := os.Getenv("HISTORY")
	if history == "" {
		b.Skip("the variable HISTORY names no file")
	}
	one, full := jobPolicy(b, ""), jobPolicy(b, jobRules)
	jobs := []struct {
		name string
		q    Question
		run  bool // the policies, too; the peers' cube is made and left
	}{
		{"replay1", Question{By: []string{Month}, Policies: []*Policy{one}}, true},
		{"replayfull", Question{By: []string{Month, "segment"}, Policies: []*Policy{full}}, true},
		{"cube", Question{Exact: true, Policies: []*Policy{one}}, false},
	}
	for _, file := range strings.Split(history, ",") {
		info, err := os.Stat(file)
		if err != nil {
			b.Fatal(err)
		}
		for _, job := range jobs {
			q := job.q
			q.AbsentMissing = true
			b.Run(job.name+"/"+info.Name(), func(b *testing.B) {
				b.SetBytes(info.Size())
				var cube *Cube
				var res *Result
				for b.Loop() {
					if cube = buildFile(b, q, file); !job.run {
						continue
					}
					if res, err = cube.Run(q.Policies[0]); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(cube.Records())*float64(b.N)/b.Elapsed().Seconds(), "records/s")
				b.Logf("%d cells of %d records", cube.Cells(), cube.Records())
				if res != nil {
					b.Logf("digest %s", digest(res))
				}
			})
		}
	}
}

func jobPolicy(tb testing.TB, rules string) *Policy {
	p, err := ParsePolicy("job.yaml", []byte(fmt.Sprintf(jobMatrix, rules)))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func buildFile(tb testing.TB, q Question, file string) *Cube {
	plan, err := NewPlan(q)
	if err != nil {
		tb.Fatal(err)
	}
	scan, err := dataset.Open(context.Background(), []string{file}, nil, dataset.Options{Fields: plan.Fields()})
	if err != nil {
		tb.Fatal(err)
	}
	cube, err := Build(context.Background(), plan, scan, runtime.GOMAXPROCS(0), nil)
	if err != nil {
		tb.Fatal(err)
	}
	if r := cube.Account.Rejected; r > 0 {
		tb.Fatalf("%d records rejected: %v", r, cube.Account.Issues)
	}
	return cube
}

// digest is that of the peers' scripts: rows of group, action, label, records and minor units, sorted.
func digest(r *Result) string {
	labels := []string{"null", "0", "1"}
	var lines []string
	for _, g := range r.Groups {
		for a, t := range g.Actions {
			for l, n := range t.Records {
				if n > 0 {
					lines = append(lines, fmt.Sprintf("%s|%s|%s|%d|%d", strings.Join(g.Key, "|"), dataset.Action(a), labels[l], n, t.Amount[l]))
				}
			}
		}
	}
	slices.Sort(lines)
	return fmt.Sprintf("%d:%x", len(lines), sha1.Sum([]byte(strings.Join(lines, "\n"))))[:16]
}
