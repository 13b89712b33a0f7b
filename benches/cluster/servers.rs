//! NATS servers on loopback that form one cluster.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::Outcome;
use super::node::wait_until;

/// The servers, each a process that can be killed and started again.
pub struct Servers {
    directory: TempDir,
    ports: Vec<u16>,
    processes: Vec<Option<Child>>,
}

/// A port that was free a moment ago.
pub fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

impl Servers {
    /// Starts so many servers.
    pub fn start(count: usize) -> Outcome<Self> {
        let ports = (0..count).map(|_| free_port()).collect::<Outcome<_>>()?;
        let routes = (0..count).map(|_| free_port()).collect::<Outcome<Vec<_>>>()?;
        let list = |port: &u16| format!("\"nats://127.0.0.1:{port}\"");
        let others: Vec<String> = routes.iter().map(list).collect();
        let processes = (0..count).map(|_| None).collect();
        let mut servers = Self { directory: TempDir::new()?, ports, processes };
        for (index, route) in routes.iter().enumerate() {
            let (port, store) = (servers.ports[index], servers.file(index, "store"));
            let text = format!(
                "server_name: n{index}\nlisten: 127.0.0.1:{port}\n\
                 jetstream {{ store_dir: {store:?}, sync_interval: always }}\n\
                 cluster {{ name: bench, listen: 127.0.0.1:{route}, routes: [{}] }}\n",
                others.join(", ")
            );
            std::fs::write(servers.file(index, "conf"), text)?;
            servers.restart(index)?;
        }
        Ok(servers)
    }

    fn file(&self, index: usize, kind: &str) -> PathBuf {
        self.directory.path().join(format!("nats-{index}.{kind}"))
    }

    /// The addresses, as a list of TOML.
    pub fn list(&self) -> String {
        let address = |port: &u16| format!("\"nats://127.0.0.1:{port}\"");
        format!("[{}]", self.ports.iter().map(address).collect::<Vec<_>>().join(", "))
    }

    /// Starts a server that does not run.
    pub fn restart(&mut self, index: usize) -> Outcome<()> {
        let log = self.file(index, "log");
        let log = std::fs::File::options().create(true).append(true).open(log)?;
        let mut command = Command::new("nats-server");
        command.arg("-c").arg(self.file(index, "conf")).stdout(Stdio::null()).stderr(log);
        self.processes[index] = Some(command.spawn()?);
        let address = ("127.0.0.1", self.ports[index]);
        wait_until("a server listens", || Ok(TcpStream::connect(address).is_ok()))
    }

    /// Kills a server at once.
    pub fn kill(&mut self, index: usize) {
        if let Some(mut child) = self.processes[index].take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        (0..self.processes.len()).for_each(|index| self.kill(index));
    }
}
