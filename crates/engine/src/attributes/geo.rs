//! Places on the globe: how far they are apart, and which lie in an area.
//!
//! A place has a *cell*: 16 bits each of its latitude and longitude, woven into one number, so that each quarter of the globe,
//! each quarter of that and so on is one range of numbers. The places of an area are found by going down into the quarters that
//! touch it ([`GeoArea::visit`]).

use super::Postings;
use crate::{Result, Value, document::reader::ObjectReader};
use core::{f64::consts::PI, fmt::Display, ops::Range};

/// The mean radius of the Earth.
const RADIUS_METERS: f64 = 6_371_008.8;

/// More than a degree on a great circle is long.
const METERS_A_DEGREE: f64 = 111_200.0;

/// Fewer places than this are looked at one by one.
const FEW: u32 = 16;

const BITS: u32 = 16;

/// A place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeoPoint {
    /// Degrees north, -90 to 90.
    pub lat: f64,
    /// Degrees east, -180 to 180.
    pub lon: f64,
}

/// Between two latitudes and two longitudes, the bounds included. One whose west is east of its east goes across the 180th
/// meridian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeoBox {
    /// The highest latitude.
    pub north: f64,
    /// The lowest latitude.
    pub south: f64,
    /// The last longitude.
    pub east: f64,
    /// The first longitude.
    pub west: f64,
}

/// At most so far from a place on a great circle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeoRadius {
    /// The place.
    pub center: GeoPoint,
    /// How far.
    pub meters: f64,
}

/// A part of the globe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GeoArea {
    /// Between latitudes and longitudes.
    Box(GeoBox),
    /// Around a place.
    Radius(GeoRadius),
}

/// How a quarter of the globe lies to an area.
enum Touch {
    Outside,
    Across,
    Inside,
}

impl GeoPoint {
    /// Reads `{ lat, lon }`.
    pub fn from_value(path: &dyn Display, value: &Value) -> Result<Self> {
        let mut place = ObjectReader::new(value, path)?;
        let [lat, lon] = [("lat", 90.0), ("lon", 180.0)].map(|(name, most)| degrees(&mut place, name, most));
        let point = Self { lat: lat?, lon: lon? };
        place.finish()?;
        Ok(point)
    }

    /// Meters to another place on a great circle of a sphere.
    #[must_use]
    pub fn distance(self, other: Self) -> f64 {
        let [from, to] = [self.lat, other.lat].map(radians);
        let north = libm::sin((to - from) / 2.0);
        let east = libm::sin(radians(other.lon - self.lon) / 2.0);
        let half_chord = north * north + libm::cos(from) * libm::cos(to) * east * east;
        2.0 * RADIUS_METERS * libm::asin(libm::sqrt(half_chord.min(1.0)))
    }
}

/// The option `name` as a number of degrees.
pub(crate) fn degrees(place: &mut ObjectReader<'_>, name: &str, most: f64) -> Result<f64> {
    place.number_within(name, -most, most)?.ok_or_else(|| place.wrong(name, &"a number of degrees", &"nothing"))
}

fn radians(degrees: f64) -> f64 {
    degrees * (PI / 180.0)
}

/// The cell of a place.
#[must_use]
pub fn cell_of(point: GeoPoint) -> u32 {
    let most = f64::from((1_u32 << BITS) - 1);
    let number = |degrees: f64, span: f64| ((degrees / span + 0.5) * (most + 1.0)).clamp(0.0, most) as u32;
    spread(number(point.lat, 180.0)) << 1 | spread(number(point.lon, 360.0))
}

/// The lower 16 bits with a free bit above each.
fn spread(bits: u32) -> u32 {
    let mut spread = bits & 0xffff;
    for (shift, mask) in [(8, 0x00ff_00ff), (4, 0x0f0f_0f0f), (2, 0x3333_3333), (1, 0x5555_5555)] {
        spread = (spread | spread << shift) & mask;
    }
    spread
}

/// The inverse of [`spread`].
fn gathered(spread: u32) -> u32 {
    let mut bits = spread & 0x5555_5555;
    for (shift, mask) in [(1, 0x3333_3333), (2, 0x0f0f_0f0f), (4, 0x00ff_00ff), (8, 0x0000_ffff)] {
        bits = (bits | bits >> shift) & mask;
    }
    bits
}

/// The bounds of the cells from `first` on, of which there are 4 to the power of `level`.
fn bounds(first: u32, level: u32) -> GeoBox {
    let side = 1_u64 << level;
    let at = |number: u32, span: f64| {
        let degrees = |number: u64| (number as f64 / f64::from(1_u32 << BITS) - 0.5) * span;
        (degrees(u64::from(number)), degrees(u64::from(number) + side))
    };
    let (south, north) = at(gathered(first >> 1), 180.0);
    let (west, east) = at(gathered(first), 360.0);
    GeoBox { north, south, east, west }
}

impl GeoBox {
    fn contains(self, point: GeoPoint) -> bool {
        let is_between = if self.west <= self.east {
            self.west <= point.lon && point.lon <= self.east
        } else {
            self.west <= point.lon || point.lon <= self.east
        };
        is_between && self.south <= point.lat && point.lat <= self.north
    }

    fn touches(self, quarter: Self) -> Touch {
        if self.north < quarter.south || quarter.north < self.south {
            return Touch::Outside;
        }
        let is_within_latitudes = self.south <= quarter.south && quarter.north <= self.north;
        let spans: &[(f64, f64)] =
            if self.west <= self.east { &[(self.west, self.east)] } else { &[(self.west, 180.0), (-180.0, self.east)] };
        let mut touch = Touch::Outside;
        for (west, east) in spans {
            if *west <= quarter.west && quarter.east <= *east && is_within_latitudes {
                return Touch::Inside;
            }
            if *west <= quarter.east && quarter.west <= *east {
                touch = Touch::Across;
            }
        }
        touch
    }
}

impl GeoRadius {
    fn touches(self, quarter: GeoBox) -> Touch {
        let middle = GeoPoint {
            lat: f64::midpoint(quarter.north, quarter.south),
            lon: f64::midpoint(quarter.east, quarter.west),
        };
        // No place of the quarter is further from its middle: half its height on a meridian, half its width on a parallel.
        let reach = METERS_A_DEGREE * ((quarter.north - quarter.south) + (quarter.east - quarter.west)) / 2.0;
        let distance = self.center.distance(middle);
        if distance > self.meters + reach {
            Touch::Outside
        } else if distance + reach <= self.meters {
            Touch::Inside
        } else {
            Touch::Across
        }
    }
}

impl GeoArea {
    /// Whether a place lies in it.
    #[must_use]
    pub fn contains(&self, point: GeoPoint) -> bool {
        match self {
            Self::Box(bounds) => bounds.contains(point),
            Self::Radius(radius) => radius.center.distance(point) <= radius.meters,
        }
    }

    /// Calls `found` with each row that has a place in a cell of the area, and with whether all places of the cell lie in it.
    pub fn visit(&self, postings: &Postings<'_>, found: &mut dyn FnMut(&[u32], bool)) {
        let cells = postings.cells.all();
        self.descend(cells, 0, 0, BITS, &mut |codes, is_inside| found(postings.rows_of(codes), is_inside));
    }

    /// `cells` are those of the 4 to the power of `level` cells from `first` on; `code` is the code of the first of them.
    fn descend(&self, cells: &[u32], code: u32, first: u32, level: u32, found: &mut dyn FnMut(Range<u32>, bool)) {
        if cells.is_empty() {
            return;
        }
        let quarter = bounds(first, level);
        let touch = match self {
            Self::Box(bounds) => bounds.touches(quarter),
            Self::Radius(radius) => radius.touches(quarter),
        };
        let codes = code..code + cells.len() as u32;
        match touch {
            Touch::Outside => {}
            Touch::Inside => found(codes, true),
            Touch::Across if level == 0 || cells.len() as u32 <= FEW => found(codes, false),
            Touch::Across => {
                let mut from = 0;
                for part in 0..4_u32 {
                    let first = first + (part << (2 * (level - 1)));
                    let last = first + ((1_u64 << (2 * (level - 1))) - 1) as u32;
                    let end = from + cells[from..].partition_point(|cell| *cell <= last);
                    self.descend(&cells[from..end], code + from as u32, first, level - 1, found);
                    from = end;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{lists::map, order::sort, stored::Stored};
    use alloc::vec::Vec;

    #[test]
    fn distances_are_those_of_a_globe() {
        let at = |lat, lon| GeoPoint { lat, lon };
        let berlin_paris = at(52.52, 13.405).distance(at(48.8566, 2.3522));
        assert!((berlin_paris - 877_500.0).abs() < 1_000.0, "{berlin_paris}");
        assert!((at(0.0, 179.5).distance(at(0.0, -179.5)) - 111_195.0).abs() < 10.0);
        assert!((at(90.0, 0.0).distance(at(-90.0, 77.0)) - PI * RADIUS_METERS).abs() < 1.0);
        assert_eq!(at(12.0, 34.0).distance(at(12.0, 34.0)), 0.0);
    }

    #[test]
    fn a_cell_has_the_bounds_that_its_place_lies_in() {
        for (lat, lon) in [(0.0, 0.0), (-90.0, -180.0), (90.0, 180.0), (52.52, 13.405), (-33.9, 151.2)] {
            let GeoBox { north, south, east, west } = bounds(cell_of(GeoPoint { lat, lon }), 0);
            assert!(south <= lat && lat <= north && west <= lon && lon <= east, "{lat} {lon}");
            assert!(north - south < 0.003 && east - west < 0.006);
        }
    }

    /// Every area gives the places that a look at each of them gives.
    #[test]
    fn areas_are_found_by_their_cells() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let points: Vec<GeoPoint> = map(0..3_000, |at| match at % 3 {
            0 => GeoPoint { lat: next() * 180.0 - 90.0, lon: next() * 360.0 - 180.0 },
            1 => GeoPoint { lat: 48.0 + next(), lon: 11.0 + next() },
            _ => GeoPoint { lat: 89.0 + next(), lon: next() * 360.0 - 180.0 },
        });
        let mut order: Vec<(u32, u32)> = map(points.iter().zip(0..), |(point, row)| (cell_of(*point), row));
        order.sort_unstable();
        let (cells, rows) = (map(&order, |one| one.0), map(&order, |one| one.1));
        // One row a code is one cell a row here: a cell may stand more than once.
        let postings = Postings { starts: Stored::NONE, rows: (&rows).into(), cells: (&cells).into() };
        for case in 0..400 {
            let center = points[(next() * 3_000.0) as usize];
            let size = [0.001, 0.1, 2.0, 40.0][case % 4] * next();
            let area = if case % 2 == 0 {
                GeoArea::Radius(GeoRadius { center, meters: size * 111_000.0 })
            } else {
                let (north, south) = ((center.lat + size).min(90.0), (center.lat - size).max(-90.0));
                let around = |lon: f64| {
                    if lon > 180.0 {
                        lon - 360.0
                    } else if lon < -180.0 {
                        lon + 360.0
                    } else {
                        lon
                    }
                };
                GeoArea::Box(GeoBox { north, south, east: around(center.lon + size), west: around(center.lon - size) })
            };
            let mut found = Vec::new();
            area.visit(&postings, &mut |rows, is_inside| {
                for row in rows {
                    let contains = area.contains(points[*row as usize]);
                    assert!(contains || !is_inside, "{area:?} {:?}", points[*row as usize]);
                    if contains {
                        found.push(*row);
                    }
                }
            });
            sort(&mut found);
            let expected: Vec<u32> = (0..3_000).filter(|row| area.contains(points[*row as usize])).collect();
            assert_eq!(found, expected, "{area:?}");
        }
    }
}
