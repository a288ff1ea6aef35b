package reports

import "github.com/trustreplay/trustreplay/dataset"

// explorePage is what the scripts of the page read, beside the cube's columns. Actions, clusters, labels and statuses go by their
// numbers in dataset, next by replay.Next.
type explorePage struct {
	SchemaVersion int              `json:"schema_version"`
	ID            string           `json:"id"` // guards the fragments of addresses, whose numbers are places in the lists below
	Title         string           `json:"title"`
	Source        string           `json:"source"`
	Warnings      []string         `json:"-"`
	Method        string           `json:"method"`
	Records       int64            `json:"records"`
	Rows          int              `json:"rows"`
	Step          int              `json:"step"`
	Z             float64          `json:"z"`
	Delta         float64          `json:"delta"`
	Confidence    string           `json:"confidence_text"`
	MoneyPerMajor int64            `json:"money_per_major"`
	Actions       []string         `json:"actions"`
	Clusters      []string         `json:"clusters"`
	Products      []exploreProduct `json:"products"`
	NamedBands    []exploreBands   `json:"named_bands"`
	Champion      exploreChampion  `json:"champion"`
	Fired         [][]int          `json:"fired"` // the different sets of rules that hold
	Groups        []exploreGroup   `json:"groups"`
	Months        []exploreMonth   `json:"months"`
	Segments      []exploreSegment `json:"segments"`
	Ratios        []exploreRatio   `json:"ratios"`
	Costs         []exploreCost    `json:"costs"`
	Lines         []exploreLine    `json:"lines"`
	Tiles         []exploreLine    `json:"tiles"`
	Limits        []exploreLimit   `json:"limits"`
	Cut           [2]int           `json:"cut"` // the product and the edge whose curve is shown first
}

type exploreProduct struct {
	Name      string         `json:"name"`
	Recorded  bool           `json:"recorded"` // any response carries a cluster, or the champion relies on it
	Positions []int          `json:"positions"`
	Answers   exploreAnswers `json:"answers"`
}

// exploreAnswers are columns; a score is -1 where there is none.
type exploreAnswers struct {
	Status  []int `json:"status"`
	Score   []int `json:"score"`
	Cluster []int `json:"cluster"`
}

type exploreBands struct {
	Name  string `json:"name"`
	Edges []int  `json:"edges"`
}

// exploreOwn are bands as the page keeps them: edges are there where the clusters are recorded, too.
type exploreOwn struct {
	Recorded bool  `json:"recorded"`
	Edges    []int `json:"edges"`
}

type exploreChampion struct {
	Name      string        `json:"name"`
	DraftName string        `json:"draft_name"`
	Bands     []exploreOwn  `json:"bands"`
	Gate      []int         `json:"gate"`
	Matrix    [][]int       `json:"matrix"`
	Tied      bool          `json:"tied"` // an answer without a cluster is treated like a missing one everywhere
	Rules     []exploreRule `json:"rules"`
}

type exploreRule struct {
	Name string `json:"name"`
	When string `json:"when"`
	Then int    `json:"then"`
	Late bool   `json:"late"`
	YAML string `json:"yaml"`
}

type exploreGroup struct {
	Key   []int `json:"key"` // places of the month and of the value of each segment
	Fired int   `json:"fired"`
	Past  int   `json:"past"`
}

type exploreMonth struct {
	Name string `json:"name"`
	Days int64  `json:"days"`
}

type exploreSegment struct {
	Field  string   `json:"field"`
	Values []string `json:"values"`
}

type exploreRegion struct {
	Actions int `json:"actions"`
	Labels  int `json:"labels"`
}

type exploreRatio struct {
	Name string        `json:"name"`
	Unit string        `json:"unit"`
	Num  exploreRegion `json:"num"`
	Den  exploreRegion `json:"den"`
}

type exploreCost struct {
	Name    string                                       `json:"name"`
	Records [dataset.NumActions][dataset.NumLabels]int64 `json:"records"`
	Amount  [dataset.NumActions][dataset.NumLabels]int64 `json:"amount"`
	Calls   [2]int64                                     `json:"calls"`
}

type exploreLine struct {
	Name  string `json:"name"`
	Words string `json:"words"`
}

type exploreLimit struct {
	Text    string `json:"text"`
	Short   string `json:"short"` // without the measure's name
	Measure string `json:"measure"`
	AtLeast bool   `json:"at_least"`
	Num     int64  `json:"num"`
	Den     int64  `json:"den"`
}
