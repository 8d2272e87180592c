//! Time stamps and the step between them.

/// Seconds since 1970, and how the file spells such a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) seconds: i64,
    spelling: Spelling,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spelling {
    slash: bool,
    /// Whether a time of day is written, with its letter between and its seconds.
    time: Option<(char, bool)>,
}

/// The distance between neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Seconds(i64),
    Months(i64),
}

impl Stamp {
    /// Reads `YYYY-MM-DD` or `YYYY/M/D`, with or without a time of day.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches('Z');
        let between = text.find(['T', ' ']);
        let (date, time) = text.split_at(between.unwrap_or(text.len()));
        let slash = date.contains('/');
        let mut parts = date.split(if slash { '/' } else { '-' });
        let mut number = || parts.next()?.parse::<i64>().ok();
        let (year, month, day) = (number()?, number()?, number()?);
        let valid = (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        if !valid || parts.next().is_some() || day > month_length(year, month) {
            return None;
        }
        let mut seconds = days(year, month, day) * 86_400;
        let mut spelling = Spelling { slash, time: None };
        if let Some(letter) = time.chars().next() {
            let fields: Vec<i64> = time[1..].trim().split(':').map(|f| f.parse().ok()).collect::<Option<_>>()?;
            let (hour, minute, second) = match fields[..] {
                [hour, minute] => (hour, minute, 0),
                [hour, minute, second] => (hour, minute, second),
                _ => return None,
            };
            if !((0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second)) {
                return None;
            }
            seconds += hour * 3600 + minute * 60 + second;
            spelling.time = Some((letter, fields.len() == 3));
        }
        Some(Self { seconds, spelling })
    }

    /// The stamp `count` steps later, spelled alike.
    pub(crate) fn after(self, step: Step, count: i64) -> Self {
        let seconds = match step {
            Step::Seconds(length) => self.seconds + length * count,
            Step::Months(months) => {
                let (year, month, day) = date(self.seconds.div_euclid(86_400));
                let index = year * 12 + month - 1 + months * count;
                let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
                let day = day.min(month_length(year, month));
                days(year, month, day) * 86_400 + self.seconds.rem_euclid(86_400)
            }
        };
        Self { seconds, ..self }
    }

    /// As the file spells it.
    pub(crate) fn text(self) -> String {
        let (year, month, day) = date(self.seconds.div_euclid(86_400));
        let mut text = if self.spelling.slash {
            format!("{year}/{month}/{day}")
        } else {
            format!("{year:04}-{month:02}-{day:02}")
        };
        if let Some((letter, seconds)) = self.spelling.time {
            let rest = self.seconds.rem_euclid(86_400);
            text += &format!("{letter}{:02}:{:02}", rest / 3600, rest / 60 % 60);
            if seconds {
                text += &format!(":{:02}", rest % 60);
            }
        }
        text
    }
}

impl Step {
    /// The step of a series: its most frequent distance, a number of months where days of the month agree.
    pub(crate) fn of(stamps: &[Stamp]) -> Option<Self> {
        let mut counts = std::collections::BTreeMap::new();
        for pair in stamps.windows(2) {
            *counts.entry(pair[1].seconds - pair[0].seconds).or_insert(0_usize) += 1;
        }
        let (&common, _) = counts.iter().max_by_key(|(_, count)| **count)?;
        if common >= 28 * 86_400 {
            let months: Vec<i64> = stamps.windows(2).map(|pair| month_index(pair[1]) - month_index(pair[0])).collect();
            let step = *months.iter().min()?;
            let same_day = stamps.windows(2).all(|pair| day_of(pair[0]) == day_of(pair[1]));
            if step >= 1 && same_day {
                return Some(Step::Months(step));
            }
        }
        (common > 0).then_some(Step::Seconds(common))
    }

    /// How many steps lie between two stamps; `None` when it is no whole number.
    pub(crate) fn between(self, from: Stamp, to: Stamp) -> Option<i64> {
        match self {
            Step::Seconds(length) => {
                let distance = to.seconds - from.seconds;
                (distance % length == 0).then_some(distance / length)
            }
            Step::Months(months) => {
                let distance = month_index(to) - month_index(from);
                (distance % months == 0 && from.after(self, distance / months).seconds == to.seconds)
                    .then_some(distance / months)
            }
        }
    }

    /// In words.
    pub(crate) fn words(self) -> String {
        let plural = |count: i64, unit: &str| if count == 1 { unit.to_owned() } else { format!("{count} {unit}s") };
        match self {
            Step::Months(months) if months % 12 == 0 => plural(months / 12, "year"),
            Step::Months(months) => plural(months, "month"),
            Step::Seconds(s) if s % 604_800 == 0 => plural(s / 604_800, "week"),
            Step::Seconds(s) if s % 86_400 == 0 => plural(s / 86_400, "day"),
            Step::Seconds(s) if s % 3600 == 0 => plural(s / 3600, "hour"),
            Step::Seconds(s) if s % 60 == 0 => plural(s / 60, "minute"),
            Step::Seconds(s) => plural(s, "second"),
        }
    }

    /// Rows of the season that such data usually have.
    pub(crate) fn season(self) -> Option<usize> {
        match self {
            Step::Months(1) => Some(12),
            Step::Months(3) => Some(4),
            Step::Seconds(604_800) => Some(52),
            Step::Seconds(86_400) => Some(7),
            Step::Seconds(s) if s > 0 && s < 86_400 && 86_400 % s == 0 => usize::try_from(86_400 / s).ok(),
            _ => None,
        }
    }
}

fn month_index(stamp: Stamp) -> i64 {
    let (year, month, _) = date(stamp.seconds.div_euclid(86_400));
    year * 12 + month
}

fn day_of(stamp: Stamp) -> i64 {
    date(stamp.seconds.div_euclid(86_400)).2
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar: years are counted from March, so that the leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// The inverse of [`days`].
fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (year + era * 400, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_back_and_forth() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2000, 3, 1), 11_017);
        for day in (-800_000..800_000).step_by(97) {
            let (y, m, d) = date(day);
            assert_eq!(days(y, m, d), day);
        }
        assert_eq!(Stamp::parse("2016-07-01 01:00:00").map(Stamp::text).as_deref(), Some("2016-07-01 01:00:00"));
        assert_eq!(Stamp::parse("1976/1/1").map(Stamp::text).as_deref(), Some("1976/1/1"));
        for bad in ["2016-02-30", "2016-13-01", "17", "2016-01-01 24:00", "a-b-c", "2016-01-01T", "2016-01-01 1"] {
            assert_eq!(Stamp::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn steps_are_found() {
        let stamps = |texts: &[&str]| -> Vec<Stamp> { texts.iter().filter_map(|t| Stamp::parse(t)).collect() };
        let months = stamps(&["1976/1/1", "1976/2/1", "1976/3/1", "1976/5/1"]);
        let step = Step::of(&months).unwrap();
        assert_eq!((step, step.words().as_str(), step.season()), (Step::Months(1), "month", Some(12)));
        assert_eq!(step.between(months[0], months[3]), Some(4));
        assert_eq!(months[3].after(step, 9).text(), "1977/2/1");
        let hours = stamps(&["2016-07-01 00:00", "2016-07-01 01:00", "2016-07-01 02:00"]);
        assert_eq!(Step::of(&hours), Some(Step::Seconds(3600)));
        assert_eq!(Step::Seconds(604_800).words(), "week");
    }
}
