package import Primitives
package import ServiceModel
internal import Synchronization

/// Records the answers of a model; failed and aborted ones are not recorded.
package struct RecordingModel: ChatModel {
    private let model: any ChatModel
    private let name: String
    private let recording: Recording
    private let clock: any WallClock

    /// - Parameters:
    ///   - model: the model that answers.
    ///   - name: the id in the request, which is part of a request's fingerprint.
    ///   - recording: the destination.
    ///   - clock: for the time of recording.
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
            // The purpose is to record: an answer that is not on disk must not appear to be.
            throw InferenceError.failed("the answer could not be recorded: \(error.sentence)")
        }
        return outcome
    }
}

/// Replays an earlier answer piece by piece. It is not inference: code that uses it tells the client so.
package struct ReplayedModel: ChatModel {
    /// The maximum delay of a piece, whatever the recording contains.
    static let pieceMillisecondsMax = 600_000

    private let answer: ModelAnswer
    private let isPaced: Bool

    /// - Parameters:
    ///   - answer: the answer to replay.
    ///   - isPaced: whether pieces keep their recorded times relative to the request.
    package init(_ answer: ModelAnswer, isPaced: Bool = false) {
        self.answer = answer
        self.isPaced = isPaced
    }

    package func countTokens(_ request: ChatRequest) async throws -> Int { self.answer.outcome.inputTokens }

    package func chat(_ request: ChatRequest, _ send: Sink<ChatEvent>) async throws -> ChatOutcome {
        let started = ContinuousClock.now
        request.promptCount?.set(self.answer.outcome)
        for piece in self.answer.pieces {
            // The client may have disconnected.
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
