// Socket.IO clients of two releases and three ways to connect, for tests/test_live_js.py.
// What they hear goes to stdout, one JSON object per line; stdin takes commands:
//   emit NAME | leave | join | quit
import { createInterface } from "node:readline";
import { io as io48 } from "socket.io-client";
import { io as io472 } from "socket.io-client-4.7.2";

const [url, path = "/socket.io"] = process.argv.slice(2);
const releases = { "4.7.2": io472, "4.8": io48 };
const ways = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

function client(name, io, transports) {
  let since = null; // the newest number heard: sent at each connect, also after a lost connection
  const auth = (answer) => answer(since === null ? {} : { since });
  const options = { path, transports, auth, reconnectionDelay: 100, reconnectionDelayMax: 500 };
  const socket = io(url, { ...options, forceNew: true });
  socket.onAny((event, payload) => {
    if (typeof payload?.seq === "number") since = payload.seq;
    say({ client: name, event, payload, at: Date.now() / 1000 });
  });
  socket.on("connect", () => say({ client: name, event: "(connect)", payload: null }));
  socket.on("disconnect", (reason) => say({ client: name, event: "(gone)", payload: reason }));
  socket.on("connect_error", (error) => process.stderr.write(`${name}: ${error.message}\n`));
  socket.io.engine.on("upgrade", (to) => say({ client: name, event: "(upgrade)", payload: to.name }));
  return socket;
}

const sockets = Object.entries(releases).flatMap(([release, io]) =>
  Object.entries(ways).map(([way, transports]) => client(`${release} ${way}`, io, transports)),
);
const commands = {
  emit: (event) => sockets.forEach((socket) => socket.emit(event)),
  leave: () => sockets.forEach((socket) => socket.disconnect()),
  join: () => sockets.forEach((socket) => socket.connect()),
  quit: () => process.exit(0),
};
createInterface({ input: process.stdin })
  .on("line", (line) => commands[line.split(" ")[0]](line.split(" ")[1]))
  .on("close", commands.quit);
