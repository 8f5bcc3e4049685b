package import Primitives
package import ServiceModel
internal import Synchronization

/// A model whose answers are written down while it gives them; what fails or is cut off is not.
package struct RecordingModel: ChatModel {
    private let model: any ChatModel
    private let name: String
    private let recording: Recording
    private let clock: any WallClock

    /// - Parameters:
    ///   - model: who answers.
    ///   - name: the id under which the model was asked for, which is part of a request's fingerprint.
    ///   - recording: where its answers go.
    ///   - clock: says when each was recorded.
    package init(_ model: any ChatModel, name: String, into recording: Recording, clock: any WallClock) {
        self.model = model
        self.name = name
        self.recording = recording
        self.clock = clock
    }

    package func countTokens(_ request: ChatRequest) async throws -> Int {
        try await self.model.countTokens(request)
    }

    package func chat(_ request: ChatRequest, _ send: Sink<ChatEvent>) async throws -> ChatOutcome {
        let started = ContinuousClock.now
        let pieces = Mutex<[ModelAnswer.Piece]>([])
        let noting = send.mapped { (event: ChatEvent) in
            let milliseconds = Int(started.duration(to: .now) / .milliseconds(1))
            pieces.withLock { $0.append(.init(event: event, milliseconds: milliseconds)) }
            return [event]
        }
        let outcome = try await self.model.chat(request, noting)
        let answer = RecordedAnswer(
            request, model: self.name, answer: ModelAnswer(pieces: pieces.withLock { $0 }, outcome: outcome),
            time: self.clock.now())
        do throws(RecordingError) {
            try self.recording.add(answer)
        } catch {
            // Who records wants to have it: an answer that is not on the disk must not look as if it were.
            throw InferenceError.failed("the answer could not be recorded: \(error.sentence)")
        }
        return outcome
    }
}

/// An answer that was given before, given again piece by piece. It is no inference: whoever uses it says so to the
/// client.
package struct ReplayedModel: ChatModel {
    /// The longest that is waited for a piece, whatever a recording says.
    static let pieceMillisecondsMax = 600_000

    private let answer: ModelAnswer
    private let isPaced: Bool

    /// - Parameters:
    ///   - answer: what is given again.
    ///   - isPaced: whether each piece comes as long after the request as it did.
    package init(_ answer: ModelAnswer, isPaced: Bool = false) {
        self.answer = answer
        self.isPaced = isPaced
    }

    package func countTokens(_ request: ChatRequest) async throws -> Int { self.answer.outcome.inputTokens }

    package func chat(_ request: ChatRequest, _ send: Sink<ChatEvent>) async throws -> ChatOutcome {
        let started = ContinuousClock.now
        request.promptCount?.set(self.answer.outcome)
        for piece in self.answer.pieces {
            // Nobody may be listening any more.
            try Task.checkCancellation()
            if self.isPaced {
                let milliseconds = min(piece.milliseconds, Self.pieceMillisecondsMax)
                try await ContinuousClock().sleep(until: started.advanced(by: .milliseconds(milliseconds)))
            }
            try await send(piece.event)
        }
        return self.answer.outcome
    }
}
