//! NATS servers of a test, each a process that can be killed, frozen and started again.

use std::fmt::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Servers that form one cluster.
pub struct Servers {
    directory: TempDir,
    ports: Vec<u16>,
    processes: Vec<Option<Child>>,
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

impl Servers {
    /// Starts so many servers and waits until JetStream answers.
    pub fn start(count: usize) -> Self {
        let ports = (0..count).map(|_| free_port()).collect();
        let processes = (0..count).map(|_| None).collect();
        let mut servers = Self { directory: TempDir::new().unwrap(), ports, processes };
        let routes: Vec<u16> = (0..count).map(|_| free_port()).collect();
        for index in 0..count {
            servers.write_config(index, &routes);
            servers.restart(index);
        }
        servers
    }

    fn config(&self, index: usize) -> PathBuf {
        self.directory.path().join(format!("nats-{index}.conf"))
    }

    fn write_config(&self, index: usize, routes: &[u16]) {
        let store = self.directory.path().join(format!("nats-{index}"));
        let mut text = format!(
            "server_name: n{index}\nlisten: 127.0.0.1:{}\njetstream {{ store_dir: {:?}, sync_interval: always }}\n",
            self.ports[index], store
        );
        if routes.len() > 1 {
            let listen = routes[index];
            let others: Vec<String> =
                routes.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
            writeln!(
                text,
                "cluster {{ name: test, listen: 127.0.0.1:{listen}, routes: [{}] }}",
                others.join(", ")
            )
            .unwrap();
        }
        std::fs::write(self.config(index), text).unwrap();
    }

    /// The addresses for `[cluster] servers`.
    pub fn addresses(&self) -> Vec<String> {
        self.ports.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect()
    }

    /// The same as a list of TOML.
    pub fn list(&self) -> String {
        let quoted: Vec<String> =
            self.addresses().iter().map(|address| format!("{address:?}")).collect();
        format!("[{}]", quoted.join(", "))
    }

    /// Starts a server that does not run.
    pub fn restart(&mut self, index: usize) {
        let log = self.directory.path().join(format!("nats-{index}.log"));
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        let child = Command::new("nats-server")
            .arg("-c")
            .arg(self.config(index))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.processes[index] = Some(child);
        let until = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", self.ports[index])).is_err() {
            assert!(Instant::now() < until, "server {index} does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills a server at once.
    pub fn kill(&mut self, index: usize) {
        if let Some(mut child) = self.processes[index].take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Sends a signal to a server: STOP freezes it, CONT wakes it.
    pub fn signal(&self, index: usize, name: &str) {
        let id = self.processes[index].as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for index in 0..self.processes.len() {
            if let Some(mut child) = self.processes[index].take() {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}
