/// Why a model did not answer.
package enum InferenceError: Error, Sendable, Hashable {
    /// The request asks for what this model cannot do; a sentence.
    case unsupported(String)
    /// More tokens than the model's context takes.
    case contextExceeded(tokens: Int, tokensMax: Int)
    /// The engine failed; the reason is for the operator.
    case failed(String)
    /// Nothing was sent, because nobody listens at the engine's address.
    case unreached(String)
    /// The model is still being loaded, or could not be; a sentence. Later it may answer.
    case notReady(String)
    /// Too many requests wait for this model.
    case busy
    /// The model took longer than it may.
    case timedOut(seconds: Int)
    /// The machine never has room for the model; a sentence with the numbers and the remedy.
    case tooLarge(String)
    /// There is no engine that could compute the model; a sentence that names the remedy.
    case noEngine(String)
    /// A server elsewhere answered with this status; its sentence.
    case refused(status: Int, sentence: String)

    /// The reason in words, for logs and the command line.
    package var reason: String {
        switch self {
        case .unsupported(let text), .failed(let text), .unreached(let text), .notReady(let text), .noEngine(let text),
            .tooLarge(let text):
            text
        case .contextExceeded(let tokens, let tokensMax):
            "\(tokens) tokens are more than the \(tokensMax) of the model's context"
        case .busy: "too many requests wait for the model"
        case .timedOut(let seconds): "it took longer than \(seconds) s"
        case .refused(let status, let sentence): "its server answered \(status): \(sentence)"
        }
    }
}
