/// Tells the user what a command waits for, once it has been silent for longer than people expect.
enum WaitNotice {
    private static let silentSeconds = 2

    /// Runs `work`, and writes `line` to standard error if it takes longer.
    static func showing<Value>(_ line: String, while work: () async throws -> Value) async throws -> Value {
        let notice = self.start(line)
        defer { notice.cancel() }
        return try await work()
    }

    /// Writes `line` to standard error, unless it is cancelled before.
    static func start(_ line: String) -> Task<Void, any Error> {
        // Not awaited: the caller cancels it as soon as there is something to show.
        Task {
            try await Task.sleep(for: .seconds(self.silentSeconds))
            Terminal.error(line)
        }
    }
}
