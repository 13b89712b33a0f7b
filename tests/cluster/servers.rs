//! NATS servers of a test, each a process that can be killed, frozen and started again.

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;

use super::network::Machine;
use super::nodes::until;

/// Servers that form one cluster.
pub struct Servers {
    directory: TempDir,
    servers: Vec<Server>,
    /// Further lines of their configurations.
    lines: String,
}

struct Server {
    machine: Option<Machine>,
    address: Ipv4Addr,
    process: Option<Child>,
}

/// How long a server may take to answer the test.
const ANSWER: Duration = Duration::from_secs(2);

/// Seed and public key of two NKeys, which are of no use anywhere else.
pub const NKEYS: [[&str; 2]; 2] = [
    [
        "SUAACAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAN7EY",
        "UCFIRY65OQE7DFP5KLNS2PF2LVZMUZYJX4OZIEQ36N2IQANUB5XVZ45L",
    ],
    [
        "SUAAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAT6EE",
        "UCATS5YOVB6ROX2WUNKGNQ2MP3GMXDMKSG2O4N5CLX3A6W4PZGZZJPJO",
    ],
];

/// Where each server listens for clients, and for the other servers. No connection of another test
/// takes these ports before it does, as ports at random would be taken.
const PORTS: [u16; 2] = [4222, 6222];

/// A loopback address that no other server has, in this process or another.
fn own_address() -> Ipv4Addr {
    static LAST: AtomicU8 = AtomicU8::new(0);
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, high | 128, low, LAST.fetch_add(1, Ordering::Relaxed) + 1)
}

impl Server {
    /// A server that is not started.
    fn on(machine: Option<Machine>) -> Self {
        let address = machine.as_ref().map_or_else(own_address, |machine| machine.address);
        Self { machine, address, process: None }
    }
}

impl Servers {
    /// Starts so many servers and waits until they listen.
    pub fn start(count: usize) -> Self {
        Self::of((0..count).map(|_| None).collect())
    }

    /// Starts a server on each of these machines; `None` is this one.
    pub fn of(machines: Vec<Option<Machine>>) -> Self {
        Self::with(machines, String::new())
    }

    /// Starts a server that knows two machines by their NKeys, [`NKEYS`], and lets them do what the
    /// configuration that we ship allows the nodes of this cluster.
    pub fn with_permissions(cluster: &str) -> Self {
        let shipped = std::fs::read_to_string("config/cluster/nats-1.conf").unwrap();
        let mut lines = shipped[shipped.find("NODE = {").unwrap()..].replace("gazette", cluster);
        for (node, [_, public]) in ["A", "B"].into_iter().zip(NKEYS) {
            lines = lines.replace(&format!("UREPLACE_WITH_THE_NKEY_OF_NODE_{node}"), public);
        }
        Self::with(vec![None], lines)
    }

    /// The same as [`Servers::of`], with further lines of their configurations.
    fn with(machines: Vec<Option<Machine>>, lines: String) -> Self {
        let servers = machines.into_iter().map(Server::on).collect();
        let mut servers = Self { directory: TempDir::new().unwrap(), servers, lines };
        for index in 0..servers.servers.len() {
            servers.write_config(index);
            servers.restart(index);
        }
        servers
    }

    fn config(&self, index: usize) -> PathBuf {
        self.directory.path().join(format!("nats-{index}.conf"))
    }

    fn write_config(&self, index: usize) {
        let store = self.directory.path().join(format!("nats-{index}"));
        let (host, [port, route]) = (self.servers[index].address, PORTS);
        let mut text = format!(
            "server_name: n{index}\nlisten: {host}:{port}\njetstream {{ store_dir: {store:?}, sync_interval: always }}\n{}\n",
            self.lines
        );
        if self.servers.len() > 1 {
            let route_of = |server: &Server| format!("nats://{}:{route}", server.address);
            let routes: Vec<String> = self.servers.iter().map(route_of).collect();
            let routes = routes.join(", ");
            writeln!(text, "cluster {{ name: test, listen: {host}:{route}, routes: [{routes}] }}")
                .unwrap();
        }
        std::fs::write(self.config(index), text).unwrap();
    }

    /// The addresses for `[cluster] servers`.
    pub fn addresses(&self) -> Vec<String> {
        let address = |server: &Server| format!("nats://{}:{}", server.address, PORTS[0]);
        self.servers.iter().map(address).collect()
    }

    /// The same as a list of TOML.
    pub fn list(&self) -> String {
        let quoted: Vec<String> =
            self.addresses().iter().map(|address| format!("{address:?}")).collect();
        format!("[{}]", quoted.join(", "))
    }

    /// The machine of a server.
    pub fn machine(&self, index: usize) -> &Machine {
        self.servers[index].machine.as_ref().unwrap()
    }

    /// The server that leads the stream of this cluster, as soon as one does.
    pub fn stream_leader(&self, cluster: &str) -> usize {
        let mut leader = None;
        until("a server leads the stream", || {
            let addresses = self.addresses();
            let mut known = addresses.iter().filter_map(|address| stream_info(address, cluster));
            leader = known.find_map(|info| info.cluster?.leader);
            leader.is_some()
        });
        let name = leader.unwrap();
        name.trim_start_matches('n').parse().unwrap()
    }

    /// The first sequence that the stream of this cluster keeps.
    pub fn first_sequence(&self, cluster: &str) -> Option<u64> {
        let addresses = self.addresses();
        let mut known = addresses.iter().filter_map(|address| stream_info(address, cluster));
        Some(known.next()?.state.first_sequence)
    }

    /// Starts a server that does not run.
    pub fn restart(&mut self, index: usize) {
        let log = self.directory.path().join(format!("nats-{index}.log"));
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        let mut command = Command::new("nats-server");
        command.arg("-c").arg(self.config(index));
        if let Some(machine) = &self.servers[index].machine {
            command = machine.running(command);
        }
        let mut child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let address = (self.servers[index].address, PORTS[0]);
        until("the server listens", || {
            assert_eq!(child.try_wait().unwrap(), None, "see nats-{index}.log");
            std::net::TcpStream::connect(address).is_ok()
        });
        self.servers[index].process = Some(child);
    }

    /// Kills a server at once.
    pub fn kill(&mut self, index: usize) {
        if let Some(mut child) = self.servers[index].process.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Kills all of them, and starts all again.
    pub fn restart_all(&mut self) {
        (0..self.servers.len()).for_each(|server| self.kill(server));
        (0..self.servers.len()).for_each(|server| self.restart(server));
    }

    /// Sends a signal to a server: STOP freezes it, CONT wakes it.
    pub fn signal(&self, index: usize, name: &str) {
        let id = self.servers[index].process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
        if name == "STOP" {
            // Its threads stop one after the other, and those that run may answer before.
            until("the server is frozen", || is_frozen(&id));
        }
    }
}

/// Whether all threads of a process are stopped.
fn is_frozen(process: &str) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
    let mut states = threads.map(|thread| std::fs::read_to_string(thread.path().join("stat")));
    states.all(|state| {
        state.is_ok_and(|state| state.rsplit(')').next().unwrap().trim_start().starts_with('T'))
    })
}

/// The state of the stream of a cluster, as the server at this address knows it.
fn stream_info(address: &str, cluster: &str) -> Option<async_nats::jetstream::stream::Info> {
    let ask = async {
        let client = async_nats::connect(address).await.ok()?;
        let stream = format!("gz-{cluster}");
        let stream = async_nats::jetstream::new(client).get_stream(stream).await.ok()?;
        Some(stream.cached_info().clone())
    };
    let runtime = tokio::runtime::Handle::current();
    runtime.block_on(async { timeout(ANSWER, ask).await }).ok()?
}

impl Drop for Servers {
    fn drop(&mut self) {
        (0..self.servers.len()).for_each(|server| {
            if let Some(mut child) = self.servers[server].process.take() {
                let _ = child.kill();
                let _ = child.wait();
            }
        });
    }
}
