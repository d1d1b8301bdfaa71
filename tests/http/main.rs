//! The server and the command line as their users meet them: over real sockets, in processes of
//! their own where the process matters. One file for each concern.

mod access;
mod arguments;
mod busy;
mod command;
mod connection;
mod demo;
mod durable;
mod events;
mod life_cycle;
mod loading;
mod metrics;
mod process;
mod results;
mod transfer;
mod worlds;
