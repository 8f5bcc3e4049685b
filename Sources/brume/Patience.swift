/// Says what a command waits for, once it has said nothing for longer than people expect of one.
enum Patience {
    private static let silentSeconds = 2

    /// Runs `work`, and writes `line` to the standard error where it takes longer.
    static func telling<Value>(_ line: String, while work: () async throws -> Value) async throws -> Value {
        let notice = self.notice(line)
        defer { notice.cancel() }
        return try await work()
    }

    /// Writes `line` to the standard error, unless it is cancelled before.
    static func notice(_ line: String) -> Task<Void, any Error> {
        // Awaited by nobody: whoever waits cancels it when there is something to see.
        Task {
            try await Task.sleep(for: .seconds(self.silentSeconds))
            Terminal.error(line)
        }
    }
}
