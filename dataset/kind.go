package dataset

import "strings"

// A Label is what proved to be true of a record.
type Label uint8

const (
	Unlabeled Label = iota // no outcome known (yet)
	Legit
	Fraud
	NumLabels = iota
)

var labelNames = [NumLabels]string{"unlabeled", "legit", "fraud"}

// labelAliases holds the spellings that input may use, in lower case (METRICS.md, "Words").
var labelAliases = map[string]Label{
	"ko": Fraud, "fraud": Fraud, "fraudulent": Fraud, "chargeback": Fraud, "bad": Fraud, "1": Fraud, "true": Fraud,
	"ok": Legit, "legit": Legit, "legitimate": Legit, "genuine": Legit, "good": Legit, "0": Legit, "false": Legit,
	"null": Unlabeled, "": Unlabeled, "unknown": Unlabeled, "pending": Unlabeled, "unlabeled": Unlabeled,
}

func (l Label) String() string { return labelNames[l] }

// An Action is what a policy does with a record, ordered from least to most friction.
type Action uint8

const (
	NoAction Action = iota // nothing recorded
	Approve
	Monitor
	StepUp
	Review
	Block
	NumActions = iota
)

var actionNames = [NumActions]string{"", "approve", "monitor", "step_up", "review", "block"}

// Actions lists the five actions from least to most friction.
var Actions = []Action{Approve, Monitor, StepUp, Review, Block}

var actionAliases = map[string]Action{
	"": NoAction, "null": NoAction,
	"approve": Approve, "accept": Approve, "allow": Approve, "pass": Approve,
	"monitor": Monitor, "allow_with_monitoring": Monitor,
	"step_up": StepUp, "challenge": StepUp, "mfa": StepUp, "otp": StepUp,
	"review": Review, "manual_review": Review, "refer": Review,
	"block": Block, "reject": Block, "decline": Block, "deny": Block, "refuse": Block,
}

func (a Action) String() string { return actionNames[a] }

// ActionNamed returns the action of one of the five canonical names; aliases are for input data only.
func ActionNamed(s string) (Action, bool) {
	for _, a := range Actions {
		if actionNames[a] == s {
			return a, true
		}
	}
	return NoAction, false
}

// A Cluster is the class of a score, as the response recorded it or recomputed from bands.
type Cluster uint8

const (
	NoCluster Cluster = iota // the response carried none, or there was no response
	VeryLow
	Low
	ReviewCluster
	High
	VeryHigh
	NumClusters = iota
	// Unclustered is not a value of data: it is how a policy sees a response that carries no cluster, which is another fact
	// than no response.
	Unclustered Cluster = NumClusters
)

var clusterNames = [NumClusters + 1]string{"missing", "very_low", "low", "review", "high", "very_high", "unclustered"}

// Clusters lists the five clusters from least to most trusted.
var Clusters = []Cluster{VeryLow, Low, ReviewCluster, High, VeryHigh}

func (c Cluster) String() string { return clusterNames[c] }

// ClusterNamed returns the cluster of a name as policies use it; "missing" names NoCluster.
func ClusterNamed(s string) (Cluster, bool) {
	for i, n := range clusterNames {
		if n == s {
			return Cluster(i), true
		}
	}
	return NoCluster, false
}

// A Status says what became of the question to a product.
type Status uint8

const (
	Absent     Status = iota // the record holds nothing; the policy reads it as Missing (first product) or NotCalled (second)
	NotCalled                // not asked, because another product decided
	Missing                  // asked without a result: 404, SDK failure
	Processing               // asked, the result was not ready
	Failed                   // an HTTP status or an error body instead of a response
	OK
	NumStatuses = iota
)

var statusNames = [NumStatuses]string{"absent", "not_called", "missing", "processing", "error", "ok"}

var statusAliases = map[string]Status{
	"": Absent, "null": Absent, "absent": Absent,
	"not_called": NotCalled, "skipped": NotCalled,
	"missing": Missing, "not_found": Missing, "404": Missing,
	"processing": Processing, "pending": Processing, "202": Processing,
	"error": Failed, "failed": Failed, "failure": Failed, "ko": Failed, "timeout": Failed,
	"ok": OK, "success": OK, "completed": OK, "done": OK, "200": OK,
}

func (s Status) String() string { return statusNames[s] }

// A State is a product's status and score in one small integer, the form in which scores travel from the files to the
// cube: a status other than OK is itself, NoScore is a response without a score, and a score s is NoScore+1+s.
type State uint16

const (
	NoScore   State = State(OK)
	firstCode       = NoScore + 1
	// NumStates is the number of states: five statuses, NoScore and the scores 0..1000.
	NumStates = int(firstCode) + MaxScore + 1
	// MaxScore is the most trusted score; 0 is the least.
	MaxScore = 1000
)

// Scored returns the state of a response with score s, 0 <= s <= 1000.
func Scored(s int) State { return firstCode + State(s) }

// Status returns the product's status.
func (s State) Status() Status {
	if s >= NoScore {
		return OK
	}
	return Status(s)
}

// Score returns the score, or false where there is none.
func (s State) Score() (int, bool) {
	if s < firstCode {
		return 0, false
	}
	return int(s - firstCode), true
}

// A Kind is the type of a field, which fixes how its values are parsed and how a Column holds them.
type Kind uint8

const (
	KindState   Kind = iota // Column.State: a product's status and score
	KindCluster             // Column.U8 of Cluster
	KindLabel               // Column.U8 of Label
	KindAction              // Column.U8 of Action
	KindTime                // Column.I64: microseconds since 1970 UTC, NoTime where absent
	KindAmount              // Column.I64: minor units (hundredths), NoAmount where absent
	KindBool                // Column.U8: BoolAbsent, BoolFalse, BoolTrue
	KindNumber              // Column.F64, NaN where absent
	KindText                // Column.Idx into Column.Dict, 0 where absent
	KindCodes               // as KindText: a comma-separated list of reason codes as it was stored
	KindStatus              // Column.U8 of Status; a rule's session.status is read from the session's KindState
)

var kindNames = [...]string{"product", "cluster", "label", "action", "time", "amount", "boolean", "number", "text", "reason codes", "status"}

func (k Kind) String() string { return kindNames[k] }

// Values of a KindBool column.
const (
	BoolAbsent uint8 = iota
	BoolFalse
	BoolTrue
)

// A Field is something to read: a canonical name (names.go) and its kind. For KindState the name is the product's.
type Field struct {
	Name string
	Kind Kind
}

// Products lists the products that return a score, with the prefix of their canonical field names.
var Products = []string{"session", "onboarding", "login", "phone", "email", "ip", "browser"}

// ProductField returns the canonical name of a product's field: ("phone","score_cluster") is
// "onboarding.phone.score_cluster", because phone, email, ip and browser are parts of the onboarding response.
func ProductField(product, field string) string {
	switch product {
	case "phone", "email", "ip", "browser":
		product = "onboarding." + product
	}
	if field == "" {
		return product
	}
	return product + "." + field
}

// ProductOf returns the product whose response holds the canonical field name, or "" for a field of the record itself.
// Parts of the onboarding response belong to onboarding: they arrive with it.
func ProductOf(name string) string {
	p, _, _ := strings.Cut(name, ".")
	switch p {
	case "session", "onboarding", "login":
		return p
	}
	return ""
}
