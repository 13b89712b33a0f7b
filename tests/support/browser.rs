//! Drives a headless Chromium.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command};

use base64::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A headless Chromium with one page, told what to do by the DevTools protocol over two pipes.
pub struct Browser {
    child: Child,
    orders: File,
    reports: BufReader<File>,
    _profile: TempDir,
    session: Option<String>,
    last: u64,
    /// Complaints of the page since it was opened.
    complaints: Vec<String>,
}

impl Browser {
    /// Starts it with an empty page.
    pub fn start() -> Self {
        let profile = TempDir::new().unwrap();
        let [orders, reports] = ["orders", "reports"].map(|name| profile.path().join(name));
        let made = Command::new("mkfifo").args([&orders, &reports]).status().unwrap();
        assert!(made.success());
        let script = "exec timeout --kill-after=5 300 chromium --headless --no-sandbox \
                      --disable-gpu --disable-background-networking --disable-component-update \
                      --disable-sync --no-first-run --disable-quic --disable-dev-shm-usage \
                      --hide-scrollbars --remote-debugging-pipe \"--user-data-dir=$0\" \
                      3<\"$1\" 4>\"$2\" 2>\"$0.log\"";
        let child = Command::new("sh")
            .args(["-c", script])
            .args([&profile.path().join("profile"), &orders, &reports])
            .spawn()
            .unwrap();
        // In the order in which the shell opens them: each waits for its other end.
        let orders = File::options().write(true).open(orders).unwrap();
        let reports = BufReader::new(File::open(reports).unwrap());
        let mut browser = Self {
            child,
            orders,
            reports,
            _profile: profile,
            session: None,
            last: 0,
            complaints: Vec::new(),
        };
        let target = browser.order("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.order("Target.attachToTarget", attach);
        browser.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.order(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Opens an address and waits until all of it is there.
    pub fn open(&mut self, address: &str) {
        self.complaints.clear();
        let loading = self.order("Page.navigate", json!({ "url": address }));
        assert_eq!(loading.get("errorText"), None, "{address}: {loading}");
        while self.report()["method"] != "Page.loadEventFired" {}
    }

    /// Takes the complaints of the page: errors of scripts, refusals by its policy, missing files.
    pub fn complaints(&mut self) -> Vec<String> {
        // Earlier reports have been read with this answer.
        self.evaluate("0");
        std::mem::take(&mut self.complaints)
    }

    /// Evaluates an expression in the page and awaits its value.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let asked =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.order("Runtime.evaluate", asked);
        assert_eq!(answer.get("exceptionDetails"), None, "{answer:#}");
        answer["result"]["value"].clone()
    }

    /// The page as the browser holds it.
    pub fn dom(&mut self) -> String {
        let dom = self.evaluate("document.documentElement.outerHTML");
        dom.as_str().unwrap().to_owned()
    }

    /// Violations that axe-core finds: rules with the elements that break them.
    pub fn violations(&mut self) -> Vec<String> {
        const RUN: &str = "axe.run(document, { resultTypes: ['violations'] }).then(found => \
            found.violations.flatMap(rule => rule.nodes.map(node => \
            rule.id + ': ' + node.html + ' ' + node.failureSummary)))";
        self.evaluate(&axe());
        let found = self.evaluate(RUN);
        found.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    }

    /// How pages are shown from now on: so many pixels wide, light or dark, as on paper or not.
    pub fn show_as(&mut self, width: u32, scheme: &str, medium: &str) {
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.order("Emulation.setDeviceMetricsOverride", size);
        let scheme = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.order("Emulation.setEmulatedMedia", json!({ "media": medium, "features": scheme }));
    }

    /// Keeps a picture of the whole page.
    pub fn picture(&mut self, file: &Path) {
        let whole = json!({ "captureBeyondViewport": true });
        let picture = self.order("Page.captureScreenshot", whole);
        let picture = base64::engine::general_purpose::STANDARD
            .decode(picture["data"].as_str().unwrap())
            .unwrap();
        std::fs::write(file, picture).unwrap();
    }

    /// Presses a key as a person would.
    pub fn press(&mut self, key: &str) {
        for kind in ["rawKeyDown", "keyUp"] {
            let code = match key {
                "Tab" => 9,
                "Enter" => 13,
                other => panic!("what is the code of {other}?"),
            };
            let mut pressed =
                json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if key == "Enter" && kind == "rawKeyDown" {
                pressed["type"] = "keyDown".into();
                pressed["text"] = "\r".into();
            }
            self.order("Input.dispatchKeyEvent", pressed);
        }
    }

    /// Types a text where the focus is.
    pub fn write(&mut self, text: &str) {
        self.order("Input.insertText", json!({ "text": text }));
    }

    /// Waits until a page has loaded.
    pub fn loaded(&mut self) {
        while self.report()["method"] != "Page.loadEventFired" {}
    }

    fn order(&mut self, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let id = self.last;
        let mut order = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            order["sessionId"] = session.as_str().into();
        }
        self.orders.write_all(format!("{order}\0").as_bytes()).unwrap();
        loop {
            let report = self.report();
            if report["id"] == id {
                assert_eq!(report.get("error"), None, "{method}: {report}");
                return report["result"].clone();
            }
        }
    }

    /// The next report; complaints among them are kept.
    fn report(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.reports.read_until(0, &mut bytes).unwrap();
        assert_eq!(bytes.pop(), Some(0), "the browser has ended: is chromium there?");
        let report: Value = serde_json::from_slice(&bytes).unwrap();
        let said = &report["params"];
        match report["method"].as_str() {
            Some("Log.entryAdded") => self.complaints.push(said["entry"].to_string()),
            Some("Runtime.exceptionThrown") => self.complaints.push(said.to_string()),
            Some("Runtime.consoleAPICalled") if said["type"] != "log" => {
                self.complaints.push(said.to_string());
            }
            _ => {}
        }
        report
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// axe-core 4.12.1, as a package for Python brings it along: these bytes and no others.
fn axe() -> String {
    const DIGEST: &str = "84494fec757e4710dc751c8d7a636e457f4532f08f85c86dc9070133fbff53bc";
    let script = "import importlib.util as u, pathlib, sys\n\
                  found = u.find_spec('axe_playwright_python').submodule_search_locations[0]\n\
                  sys.stdout.buffer.write(pathlib.Path(found, 'axe.min.js').read_bytes())";
    let output = Command::new("python3").args(["-c", script]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "axe-core is not there: {said}");
    let digest = ring::digest::digest(&ring::digest::SHA256, &output.stdout);
    let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, DIGEST, "another axe.min.js than that of axe-playwright-python 0.1.8");
    String::from_utf8(output.stdout).unwrap() + "; true"
}
