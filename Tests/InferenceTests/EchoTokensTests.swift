import Inference
import Synchronization
import Testing

/// How `brume.echo` cuts a text, seen through what it sends.
struct EchoTokensTests {
    private func pieces(_ text: String) async throws -> [String] {
        let pieces = Mutex<[String]>([])
        let request = ChatRequest(messages: [.init(role: .user, parts: [.text(text)])])
        _ = try await EchoModel().chat(request) { event in
            if case .text(let piece) = event { pieces.withLock { $0.append(piece) } }
        }
        // "[", "brume", ".", "echo", "]" come first.
        return Array(pieces.withLock { $0 }.dropFirst(5))
    }

    @Test(
        arguments: [
            ("one two", [" one", " two"]), ("a, b", [" a", ",", " b"]), ("x  y ", [" x", "  y", " "]),
            ("café Ελλάδα", [" café", " Ελλάδα"]), ("日本", [" 日", "本"]), ("a👍🏽b", [" a", "👍", "🏽", "b"]),
            ("", [" "]),
        ] as [(String, [String])])
    func `words keep the spaces before them, other characters stand alone`(
        _ text: String, _ expected: [String]
    ) async throws {
        #expect(try await self.pieces(text) == expected)
    }

    @Test func `a long word is several tokens, and no character is cut in two`() async throws {
        let text = String(repeating: "é", count: 100)
        let pieces = try await self.pieces(text)
        #expect(pieces.count > 5)
        #expect(pieces.joined() == " " + text)
    }

    @Test func `too many stop sequences are refused`() async {
        var request = ChatRequest(messages: [.init(role: .user, parts: [.text("hi")])])
        request.sampling.stopSequences = (0...64).map { "stop \($0)" }
        await #expect(throws: InferenceError.unsupported("brume.echo takes at most 64 stop sequences.")) {
            _ = try await EchoModel().chat(request) { _ in }
        }
    }

    @Test func `an answer that nobody waits for ends`() async {
        let request = ChatRequest(messages: [.init(role: .user, parts: [.text("one two three")])])
        let sent = Tally()
        let task = Task {
            try await EchoModel().chat(request) { _ in
                sent.count.withLock { $0 += 1 }
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            }
        }
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(sent.count.withLock { $0 } == 1)
    }
}

/// Counts across tasks.
private final class Tally: Sendable {
    let count = Mutex(0)
}
