//! The scaffold of a page: one file, no script, nothing loaded from elsewhere, light and dark, phone and paper.

use crate::drawing::escape;
use std::fmt::Write;

/// A page that grows section by section.
#[derive(Debug, Default)]
pub(crate) struct Page {
    title: String,
    body: String,
}

impl Page {
    /// A page with its title and a line below it.
    pub(crate) fn new(title: &str, subtitle: &str) -> Self {
        let body = format!("<header><h1>{}</h1><p>{}</p></header>\n", escape(title), escape(subtitle));
        Self { title: title.to_owned(), body }
    }

    /// Begins a section.
    pub(crate) fn section(&mut self, heading: &str) {
        let _ = writeln!(self.body, "<h2>{}</h2>", escape(heading));
    }

    /// A paragraph of plain text.
    pub(crate) fn paragraph(&mut self, text: &str) {
        let _ = writeln!(self.body, "<p>{}</p>", escape(text));
    }

    /// Small print.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.body, "<p class=\"note\">{}</p>", escape(text));
    }

    /// Sentences to take seriously.
    pub(crate) fn warnings(&mut self, sentences: &[String]) {
        self.body.push_str("<ul class=\"warnings\">\n");
        for sentence in sentences {
            let _ = writeln!(self.body, "<li>{}</li>", escape(sentence));
        }
        self.body.push_str("</ul>\n");
    }

    /// Large numbers side by side: value and what it is.
    pub(crate) fn figures(&mut self, figures: &[(String, &str)]) {
        self.body.push_str("<dl class=\"figures\">");
        for (value, name) in figures {
            let _ = write!(self.body, "<div><dd>{}</dd><dt>{}</dt></div>", escape(value), escape(name));
        }
        self.body.push_str("</dl>\n");
    }

    /// Code to copy.
    pub(crate) fn code(&mut self, text: &str) {
        let _ = writeln!(self.body, "<pre>{}</pre>", escape(text));
    }

    /// A picture, centred; wide ones scroll.
    pub(crate) fn picture(&mut self, svg: &str) {
        let _ = writeln!(self.body, "<div class=\"picture\">{svg}</div>");
    }

    /// A PNG, embedded, with the words that stand for it.
    pub(crate) fn image(&mut self, png: &[u8], words: &str) {
        let (data, words) = (base64(png), escape(words));
        let _ = writeln!(
            self.body,
            "<div class=\"picture\"><img alt=\"{words}\" src=\"data:image/png;base64,{data}\"></div>"
        );
    }

    /// Ready-made HTML.
    pub(crate) fn raw(&mut self, html: &str) {
        self.body.push_str(html);
    }

    /// The text of the file.
    pub(crate) fn html(&self) -> String {
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n\
             <body>\n<main>\n{}</main>\n</body>\n</html>\n",
            escape(&self.title),
            self.body
        )
    }
}

/// RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

const STYLE: &str = "
:root{--ink:#1b2733;--paper:#ffffff;--quiet:#5b6875;--rule:#dde3e9;--panel:#f5f7f9;--node:#eef2f6;--node-line:#8795a5;
--positive:#1f67b1;--negative:#c0392b;--alert:#8a5a00;--alert-panel:#fff6e0}
@media (prefers-color-scheme:dark){:root{--ink:#e4e9ee;--paper:#161b21;--quiet:#9aa7b4;--rule:#303943;--panel:#1e252d;
--node:#26303a;--node-line:#66747f;--positive:#6db1f2;--negative:#f08a7d;--alert:#f0c674;--alert-panel:#2d2717}}
@media print{:root{--ink:#000;--paper:#fff;--quiet:#444;--rule:#bbb;--panel:#fff;--node:#f2f2f2;--node-line:#666;
--positive:#1f67b1;--negative:#c0392b;--alert:#5c3c00;--alert-panel:#fff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
main{max-width:1000px;margin:0 auto;padding:24px 18px 60px}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 4px}
h2{font-size:1.15rem;margin:36px 0 10px;padding-top:14px;border-top:1px solid var(--rule)}
header p{margin:0;color:var(--quiet)}
.note{color:var(--quiet);font-size:.875rem}
.figures{display:flex;flex-wrap:wrap;gap:10px;margin:22px 0 0}
.figures div{background:var(--panel);border:1px solid var(--rule);border-radius:8px;padding:8px 14px;min-width:96px}
.figures dd{margin:0;font-size:1.3rem;font-variant-numeric:tabular-nums}
.figures dt{font-size:.8rem;color:var(--quiet)}
.warnings{margin:22px 0 0;padding:12px 16px 12px 32px;background:var(--alert-panel);border-left:4px solid var(--alert);border-radius:4px}
.warnings li+li{margin-top:6px}
.scroll,.picture{overflow-x:auto}
.picture{text-align:center;padding:6px 0}
.picture svg,.picture img{max-width:100%;height:auto}
.picture.wide svg{max-width:none}
table{border-collapse:collapse;width:100%;font-size:.86rem;font-variant-numeric:tabular-nums}
th,td{padding:5px 8px;text-align:left;border-bottom:1px solid var(--rule);white-space:nowrap}
th{color:var(--quiet);font-weight:600;border-bottom-width:2px}
td:not(.r){white-space:normal}
.r{text-align:right}
pre{background:var(--panel);border:1px solid var(--rule);border-radius:8px;padding:12px 14px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.875rem}
@media print{body{font-size:11pt}main{max-width:none;padding:0}h2{break-after:avoid}tr,.picture,.figures,.warnings{break-inside:avoid}
.scroll,.picture{overflow:visible}.picture svg{max-height:230mm}th,td{white-space:normal;padding:3px 6px}}
";

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_of_the_standard() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        cases.into_iter().for_each(|(plain, coded)| assert_eq!(base64(plain.as_bytes()), coded));
        assert_eq!(base64(&[255, 239, 190]), "/+++");
    }
}
