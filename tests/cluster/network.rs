//! A network of a test's own, in which each machine has its namespace and can be cut off.

use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};

use super::nodes::until;

/// Set in the process that runs in a network of its own.
const INSIDE: &str = "GAZETTED_TEST_NETWORK";

/// The first two bytes of all addresses in this network.
pub const NETWORK: [u8; 2] = [10, 99];

fn address(third: u8, fourth: u8) -> Ipv4Addr {
    let [first, second] = NETWORK;
    Ipv4Addr::new(first, second, third, fourth)
}

/// Runs a test again in a network of its own, and returns false. In that run it returns true.
pub fn enter(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    // Without the first, a user who is not root may do this.
    let possible = [&["--net"][..], &["--user", "--map-root-user", "--net"]];
    let probe = "ip link add br0 type bridge && unshare --net true";
    let works = |options: &&&[&str]| {
        let mut command = Command::new("unshare");
        command.args(**options).args(["sh", "-c", probe]).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let Some(options) = possible.iter().find(works) else {
        println!("skipped: no network namespace can be made here (unshare, ip)");
        return false;
    };
    let mut command = Command::new("unshare");
    command.args(*options).arg(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--include-ignored", "--nocapture"]).env(INSIDE, "1");
    assert!(command.status().unwrap().success(), "the test failed in its network");
    false
}

fn ip(arguments: &str) {
    run(Command::new("ip").args(arguments.split(' ')));
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// Makes the switch that all machines are connected to, and addresses for so many sites.
pub fn begin(sites: usize) {
    ip("link set lo up");
    ip("link add br0 type bridge");
    ip("link set br0 up");
    for site in 1..=sites {
        ip(&format!("address add {}/16 dev br0", address(1, site as u8)));
    }
}

/// The network of one machine. Processes in it are killed by whoever started them.
#[derive(Debug)]
pub struct Machine {
    number: u8,
    /// Holds the namespace while no other process of the machine runs.
    holder: Child,
    pub address: Ipv4Addr,
}

impl Machine {
    /// A machine that is connected to the switch. `number` is its own.
    pub fn connected(number: u8) -> Self {
        let holder = Command::new("unshare").args(["--net", "sleep", "infinity"]).spawn().unwrap();
        let machine = Self { number, holder, address: address(2, number) };
        let namespace = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/net"));
        let id = machine.holder.id().to_string();
        until("the namespace is there", || {
            namespace(&id).is_ok_and(|its| its != namespace("self").unwrap())
        });
        ip(&format!("link add veth{number} type veth peer name eth0 netns {id}"));
        ip(&format!("link set veth{number} up"));
        machine.heal();
        machine.ip("link set lo up");
        machine.ip(&format!("address add {}/16 dev eth0", machine.address));
        machine.ip("link set eth0 up");
        machine
    }

    fn ip(&self, arguments: &str) {
        let mut command = Command::new("ip");
        command.args(arguments.split(' '));
        run(&mut self.running(command));
    }

    /// The same command, to be run on this machine.
    pub fn running(&self, command: Command) -> Command {
        let mut there = Command::new("nsenter");
        there.arg(format!("--net=/proc/{}/ns/net", self.holder.id())).arg(command.get_program());
        there.args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => there.env(name, value),
                None => there.env_remove(name),
            };
        }
        there
    }

    /// Nothing reaches this machine or leaves it from now on. It does not notice by itself.
    pub fn cut(&self) {
        ip(&format!("link set veth{} nomaster", self.number));
    }

    /// Nothing that it sends reaches this other machine from now on.
    pub fn cut_from(&self, other: &Self) {
        self.ip(&format!("route add blackhole {}/32", other.address));
    }

    /// Connects it with this other machine again.
    pub fn heal_to(&self, other: &Self) {
        self.ip(&format!("route del blackhole {}/32", other.address));
    }

    /// Connects it again.
    pub fn heal(&self) {
        ip(&format!("link set veth{} master br0", self.number));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
