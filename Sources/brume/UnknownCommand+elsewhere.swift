/// Commands and options of the programs that users come from: Ollama, LocalStack, DynamoDB Local, Docker.
extension UnknownCommand {
    private static let background =
        "the server runs in the foreground: use `brume start > brume.out 2>&1 &`, a systemd unit or a container to run "
        + "it in the background"
    private static let stop =
        "Ctrl-C or SIGTERM stops the server; the file `server` in the data directory begins with its process ID"
    private static let start = "`brume start` runs the server"
    private static let running =
        "`brume start` runs the server, which loads a model at the first request for it; send requests with the SDKs "
        + "of AWS, OpenAI or Anthropic"
    private static let log = "the log is always written, to `logs/access.log` in the data directory"

    /// By the path of the commands, and the word after it.
    private static let commands = [
        "brume run": Self.running, "brume model run": Self.running,
        "brume serve": Self.start, "brume server": Self.start, "brume up": Self.start,
        "brume stop": Self.stop, "brume down": Self.stop, "brume kill": Self.stop,
        "brume restart": "\(Self.stop), and `brume start` starts it again",
        "brume logs": Self.log, "brume log": Self.log,
        "brume pull": "`brume model pull` fetches a model", "brume rm": "`brume model remove` removes a model",
        "brume list": "`brume model list` lists models, `brume keys list` access keys",
        "brume ls": "`brume model list` lists models, `brume keys list` access keys",
        "brume ps": "`brume status` shows whether a server is running, `brume model status` its loaded models",
        "brume show": "`brume model show` shows a model, `brume config show` the settings",
        "brume wait": "`brume healthcheck` exits with 0 once the server is ready",
        "brume model ps": "`brume model status` shows the loaded models",
        "brume model stop": "`brume model unload` unloads a model",
        "brume model rm": "`brume model remove` removes a model",
        "brume model create": "`brume model import` imports a file",
        "brume keys add": "`brume keys create` creates a key", "brume keys rm": "`brume keys delete` deletes a key",
        "brume keys show": "`brume env` prints a key with its secret",
    ]

    private static let ephemeral =
        "`--data-dir \"$(mktemp -d)\"` starts empty, and `--durability relaxed` does not wait for the disk"
    private static let shared = "all keys of an account see the same tables of a region, so it is not needed"

    /// Options of other servers, in the place of those of `brume start`.
    private static let startOptions = [
        "-d": Self.background, "--detach": Self.background, "--detached": Self.background,
        "--daemon": Self.background,
        "-p": "use --port", "-port": "use --port",
        "-H": "use --host", "--bind": "use --host", "--address": "use --host", "--listen": "use --host",
        "-jar": Self.start, "-inMemory": Self.ephemeral, "--inMemory": Self.ephemeral, "--in-memory": Self.ephemeral,
        "--ephemeral": Self.ephemeral, "-sharedDb": Self.shared, "--sharedDb": Self.shared,
        "-dbPath": "use --data-dir", "--dbPath": "use --data-dir", "--data": "use --data-dir",
        "-delayTransientStatuses": "use --table-transition-milliseconds",
        "-disableTelemetry": "the server sends nothing to anybody, so it is not needed",
        "-cors": "use --cors-origins", "--debug": Self.log, "--verbose": Self.log, "--log-level": Self.log,
    ]

    /// - Returns: nil for a word that is not a command of those programs.
    static func remedy(forCommand word: String, behind path: String) -> String? {
        self.commands["\(path) \(word)"].map { "there is no command \(word); \($0)" }
    }

    /// - Returns: nil when `brume start`, or `brume` without a command, was not given an option of those programs.
    static func remedy(forOptions words: [String]) -> String? {
        guard let first = words.first, first == "start" || first.hasPrefix("-") else { return nil }
        for word in words.prefix(while: { $0 != "--" }) {
            let option = word.prefix { $0 != "=" }
            if let remedy = self.startOptions[String(option)] { return "there is no option \(option); \(remedy)" }
        }
        return nil
    }
}
