/// Says what a command waits for, once it has said nothing for longer than people expect of one.
enum Patience {
    private static let silentSeconds = 2

    /// Runs `work`, and writes `line` to the standard error where it takes longer.
    static func telling<Value>(_ line: String, while work: () async throws -> Value) async throws -> Value {
        // Awaited by nobody: it is cancelled as soon as the work is done.
        let notice = Task {
            try await Task.sleep(for: .seconds(self.silentSeconds))
            Terminal.error(line)
        }
        defer { notice.cancel() }
        return try await work()
    }
}
