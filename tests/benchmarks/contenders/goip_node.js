// node-goip (npm "goip"): parses and answers, and checks no password.
const { ServerFactory } = require("goip");

const server = ServerFactory.make(0, { address: "127.0.0.1" });
server.onAll(() => {});
server.onServerListening(() => console.log("ready", server._socket.address().port));
server.run();
