//! The account behind a port of the loopback interface.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming as IncomingBody};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::account::Account;
use crate::account::builder::AccountBuilder;
use crate::clock::{Clock, Running};
use crate::http::{Body, Content, Incoming, Poll, Reply, serve};

/// Longest real time that a call for messages waits while the clock stands.
const STILL_WAIT_MAX: Duration = Duration::from_secs(1);
/// Real time between two looks whether a message has come.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How the account is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// Port on the loopback interface; 0 is any that is free.
    pub port: u16,
    /// How the account's time goes.
    pub clock: Clock,
}

impl Default for ServeOptions {
    /// Any free port, and real time.
    fn default() -> Self {
        Self { port: 0, clock: Clock::Times(1) }
    }
}

/// A running fake of AWS. It ends when this is dropped.
#[derive(Debug)]
pub struct FakeAws {
    endpoint: String,
    shared: Arc<Shared>,
    // Dropping the sender ends the thread.
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    account: Mutex<Account>,
    clock: Running,
}

impl FakeAws {
    /// Serves an account in a thread of its own, in real time on a free port.
    ///
    /// # Errors
    /// If there is no free port, or no thread.
    pub fn start(builder: AccountBuilder) -> io::Result<Self> {
        Self::start_with(builder, ServeOptions::default())
    }

    /// Serves an account in a thread of its own.
    ///
    /// # Errors
    /// If the port is taken, or there is no thread.
    pub fn start_with(builder: AccountBuilder, options: ServeOptions) -> io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let mut account = builder.build();
        account.set_endpoint(&endpoint);
        let clock = Running::start(options.clock, account.now());
        let shared = Arc::new(Shared { account: Mutex::new(account), clock });
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let for_thread = Arc::clone(&shared);
        let thread = thread::Builder::new().name("fake-aws".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = accept(listener, for_thread) => {}
                }
            });
        })?;
        Ok(Self { endpoint, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Where all services are, for `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The account, for looking and scripting. Nobody is served while this is held.
    pub fn account(&self) -> MutexGuard<'_, Account> {
        self.shared.account()
    }
}

impl Drop for FakeAws {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was reported there.
            drop(thread.join());
        }
    }
}

impl Shared {
    /// The account at the clock's time.
    fn account(&self) -> MutexGuard<'_, Account> {
        // A test that failed while it held the account must not fail others.
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(now) = self.clock.now() {
            account.advance_to(now);
        }
        account
    }

    /// Serves a request, waiting as the account says.
    async fn answer(&self, incoming: &Incoming) -> Content {
        let Reply { delay, content } = serve(incoming, &mut self.account());
        tokio::time::sleep(self.clock.real(delay)).await;
        match Poll::of(incoming, &content) {
            Some(poll) => self.wait(&poll).await.unwrap_or(content),
            None => content,
        }
    }

    /// Waits for messages.
    async fn wait(&self, poll: &Poll) -> Option<Content> {
        let longest = if self.clock.now().is_some() { Duration::MAX } else { STILL_WAIT_MAX };
        let deadline = Instant::now() + self.clock.real(poll.wait()).min(longest);
        while Instant::now() < deadline {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Some(content) = poll.look(&mut self.account()) {
                return Some(content);
            }
        }
        None
    }
}

/// Takes connections, each into a task of its own.
async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    loop {
        // Of a connection that was closed before it was taken nobody waits for an answer.
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, Arc::clone(&shared)));
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| respond(request, Arc::clone(&shared)));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    // An error here is a caller that went away, or an answer that was to be lost.
    drop(connection.await);
}

/// Why a connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost on purpose")]
struct Lost;

async fn respond(
    request: Request<IncomingBody>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, Lost> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Lost)?.to_bytes().to_vec();
    let incoming = Incoming {
        path: parts.uri.path().to_owned(),
        host: header(&parts.headers, HOST.as_str()),
        authorization: header(&parts.headers, AUTHORIZATION.as_str()),
        target: header(&parts.headers, "x-amz-target"),
        body,
    };
    match shared.answer(&incoming).await {
        Content::Nothing => Err(Lost),
        Content::Body(body) => response(body),
    }
}

fn header(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

fn response(body: Body) -> Result<Response<Full<Bytes>>, Lost> {
    let Body { status, content_type, headers, text } = body;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::builder().status(status).header(CONTENT_TYPE, content_type);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Full::from(text)).map_err(|_| Lost)
}
