package reports

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A Picture is a chart of curves, bars and marked points, or a heat map, of the size and shape of a slide. Texts may stand as they are in the
// data: control characters and bidirectional marks are stripped, and what does not fit is shortened with an ellipsis. Points
// that are not finite are left out.
type Picture struct {
	Title, Subtitle string
	X, Y            Axis
	// Heat is a grid of values; a picture that has one shows no curves, bars, marks or limits.
	Heat *HeatMap
	// Series are bars at each of X.Names, side by side, or one on the other where Stacked. They are drawn behind the curves. There are
	// none on an axis of numbers.
	Series  []Series
	Stacked bool
	// Curves are drawn in order, and named in a legend above the frame.
	Curves []Curve
	// Band names the bands of the curves in the legend, such as "95 % band"; "" leaves them out of it.
	Band string
	// Range names the ranges of the curves in the legend; "" leaves them out of it.
	Range string
	// Marks are drawn over the curves and labeled beside their points, the first of them with the first choice of place.
	Marks []Mark
	// Limits are lines across the frame that something is not to exceed.
	Limits []Limit
	// Notes stand below the frame: the window, what was counted, what a band means.
	Notes []string
	// Empty is the sentence that stands in the frame where no curve and no mark has a point to show.
	Empty string
}

// An Axis is one side of a picture.
type Axis struct {
	Label string
	// Percent prints shares in percent, 0.05 as 5 %.
	Percent bool
	// To is where the axis ends, 0 where its curves do; what is beyond is cut off. Marks and limits are always shown.
	To float64
	// Names make an axis of names in the place of one of numbers: a point with X = i stands at name i, counted from 0, and the axis
	// goes from half a place before the first to half a place behind the last. Names that would run into each other are left out at
	// even steps. Only X has such, and no To beside them.
	Names []string
}

// A Point of a curve.
type Point struct{ X, Y float64 }

// A Curve joins points in the order given.
type Curve struct {
	Name   string
	Points []Point
	// Step draws a staircase, which first moves up or down and then aside: with X rising, the value of a point holds for
	// all X from the point before it, that one excluded. It is the form of "the least Y for at least X".
	Step bool
	// Band bounds Y at each point; nil, or undefined bounds, for none. It is not what the axis is fitted to.
	Band []calibrate.Interval
	// Dots shows each point by a symbol, where they are few and each counts, such as months. On an axis of names the line is broken
	// where one has no point.
	Dots bool
	// Whiskers draws Band as an upright line at each point, in the place of an area.
	Whiskers bool
	// Range bounds Y at each point by what is not known, chance apart, as Band does; it is drawn over the band.
	Range []calibrate.Interval
}

// A Mark is a point of its own, with its name beside it.
type Mark struct {
	Name string
	// Detail is a second line of the label, such as the point's figures.
	Detail string
	Point
	Kind MarkKind
}

// A MarkKind is what a mark stands for. Kinds differ in shape and in colour.
type MarkKind uint8

const (
	PolicyMark   MarkKind = iota // a policy that somebody named
	ChampionMark                 // the policy in force
	RecommendedMark
	RunnerUpMark
)

// A Limit is a line across the frame: at a Y, or at an X where Vertical.
type Limit struct {
	Name     string
	At       float64
	Vertical bool
}

// The size of a picture: that of a 16:9 slide. PNG has two dots for each point.
const (
	pictureWidth  vg.Length = 960
	pictureHeight vg.Length = 540
	pictureDPI              = 144
)

// pictureFormats lists what WritePicture can write.
var pictureFormats = []string{"svg", "png", "pdf", "vl.json"}

// PictureFormat returns the format of a picture by its file's ending, and an error that names the known ones for another.
func PictureFormat(path string) (string, error) {
	name := strings.ToLower(filepath.Base(path))
	for _, format := range pictureFormats {
		if strings.HasSuffix(name, "."+format) {
			return format, nil
		}
	}
	return "", fmt.Errorf("picture %q: want a name that ends in .svg, .png, .pdf or .vl.json", path)
}

// WritePicture draws a picture as "svg", "png" or "pdf", or writes it as "vl.json"; see WriteVega. The bytes depend on the picture alone: no clock, no installed font.
func WritePicture(w io.Writer, p Picture, format string) error {
	var canvas vg.CanvasWriterTo
	switch format {
	case "svg":
		canvas = vgsvg.New(pictureWidth, pictureHeight)
	case "png":
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(pictureWidth, pictureHeight), vgimg.UseDPI(pictureDPI))}
	case "pdf":
		canvas = vgpdf.New(pictureWidth, pictureHeight)
	case "vl.json":
		return WriteVega(w, p)
	default:
		return fmt.Errorf("picture format %q: want %s", format, strings.Join(pictureFormats, ", "))
	}
	p = p.cleaned()
	painter := &painter{pen: newPen(draw.New(canvas), format), Picture: p}
	painter.paint()
	var buf bytes.Buffer
	if _, err := canvas.WriteTo(&buf); err != nil {
		return fmt.Errorf("picture: %w", err)
	}
	out := buf.Bytes()
	switch format {
	case "svg":
		out = finishSVG(out, p.Title, painter.widths)
	case "pdf":
		undate(out)
	}
	_, err := w.Write(out)
	return err
}

// cleaned returns the picture with printable texts and finite points. It shares no slice that it changes.
func (p Picture) cleaned() Picture {
	p.Title, p.Subtitle, p.Band, p.Range, p.Empty = clean(p.Title), clean(p.Subtitle), clean(p.Band), clean(p.Range), clean(p.Empty)
	p.X.Label, p.Y.Label = clean(p.X.Label), clean(p.Y.Label)
	p.X.Names = cleanedAll(p.X.Names)
	p.Series = p.cleanedSeries()
	if p.Heat != nil {
		p.Heat = p.Heat.cleaned()
		p.Curves, p.Marks, p.Limits, p.Series = nil, nil, nil, nil
	}
	p.Curves, p.Marks, p.Limits = slices.Clone(p.Curves), slices.Clone(p.Marks), slices.Clone(p.Limits)
	for i, c := range p.Curves {
		p.Curves[i] = c.cleaned(p.X)
	}
	p.Marks = slices.DeleteFunc(p.Marks, func(m Mark) bool { return !m.finite() || p.X.lacks(m.X) })
	for i := range p.Marks {
		p.Marks[i].Name, p.Marks[i].Detail = clean(p.Marks[i].Name), clean(p.Marks[i].Detail)
	}
	p.Limits = slices.DeleteFunc(p.Limits, func(l Limit) bool { return !finite(l.At) || l.Vertical && p.X.lacks(l.At) })
	for i := range p.Limits {
		p.Limits[i].Name = clean(p.Limits[i].Name)
	}
	p.Notes = cleanedAll(p.Notes)
	return p
}

func cleanedAll(texts []string) []string {
	out := slices.Clone(texts)
	for i := range out {
		out[i] = clean(out[i])
	}
	return out
}

// cleaned leaves the points out that cannot be drawn, with their bounds.
func (c Curve) cleaned(x Axis) Curve {
	out := Curve{Name: clean(c.Name), Step: c.Step, Dots: c.Dots, Whiskers: c.Whiskers}
	for i, pt := range c.Points {
		if !pt.finite() || x.lacks(pt.X) {
			continue
		}
		out.Points = append(out.Points, pt)
		if i < len(c.Band) {
			out.Band = append(out.Band, c.Band[i])
		}
		if i < len(c.Range) {
			out.Range = append(out.Range, c.Range[i])
		}
	}
	if len(out.Range) < len(out.Points) {
		out.Range = nil
	}
	if len(out.Band) < len(out.Points) {
		out.Band = nil
	}
	return out
}

func (p Point) finite() bool { return finite(p.X) && finite(p.Y) }

// finite reports whether a value can be drawn: beyond the limit the difference of two values, or a share in percent, may be none.
func finite(v float64) bool { return math.Abs(v) <= 1e300 }

// empty reports whether there is nothing to show.
func (p Picture) empty() bool {
	if p.Heat != nil {
		return len(p.Heat.Rows) == 0 || len(p.Heat.Columns) == 0
	}
	return len(p.Marks) == 0 && !slices.ContainsFunc(p.Series, Series.any) && !slices.ContainsFunc(p.Curves, func(c Curve) bool { return len(c.Points) > 0 })
}
