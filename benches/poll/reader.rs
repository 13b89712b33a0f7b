//! Measures how long a server's answers take, one after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(2);

/// Somebody who reads a feed all the while, over one connection.
pub struct Reader {
    enough: Arc<AtomicBool>,
    thread: JoinHandle<std::io::Result<Vec<Duration>>>,
}

impl Reader {
    pub fn start(place: SocketAddr, path: &'static str) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let seen = enough.clone();
        let thread = std::thread::spawn(move || {
            let mut stream = TcpStream::connect(place)?;
            stream.set_nodelay(true)?;
            let mut reader = BufReader::new(stream.try_clone()?);
            let mut times = Vec::new();
            while !seen.load(Ordering::Relaxed) {
                let began = Instant::now();
                write!(stream, "GET {path} HTTP/1.1\r\nHost: {place}\r\n\r\n")?;
                answer(&mut reader)?;
                times.push(began.elapsed());
                std::thread::sleep(PAUSE);
            }
            Ok(times)
        });
        Self { enough, thread }
    }

    /// The time that one in a hundred answers exceeded, and how many there were.
    pub fn stop(self) -> std::io::Result<(Duration, usize)> {
        self.enough.store(true, Ordering::Relaxed);
        let mut times =
            self.thread.join().map_err(|_| std::io::Error::other("the reader panicked"))??;
        times.sort_unstable();
        let late = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
        Ok((late, times.len()))
    }
}

/// Reads one answer whole, which must be a document.
fn answer(reader: &mut impl BufRead) -> std::io::Result<()> {
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line)?;
    if !line.contains(" 200 ") {
        return Err(std::io::Error::other(line));
    }
    while line.len() > 2 {
        line.clear();
        reader.read_line(&mut line)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    Ok(())
}
