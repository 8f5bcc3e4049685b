/// Why a model did not answer.
package enum InferenceError: Error, Sendable, Equatable {
    /// The model does not support what the request asks for; a sentence.
    case unsupported(String)
    /// The request exceeds the model's context.
    case contextExceeded(tokens: Int, tokensMax: Int)
    /// The engine failed; the reason is for operators.
    case failed(String)
    /// The engine did not load the model; the reason is for the operator.
    case notLoaded(String)
    /// Nothing was sent, because nobody listens at the engine's address.
    case unreached(String)
    /// The model is still loading or could not be loaded; a sentence. A later request may succeed.
    case notReady(String)
    /// Too many requests are queued for this model.
    case busy
    /// The model took longer than it may; nil where its server does not say how long that is.
    case timedOut(seconds: Int?)
    /// The machine never has room for the model; a sentence with the numbers and the remedy.
    case tooLarge(String)
    /// There is no engine to run the model; a sentence with the remedy.
    case noEngine(String)
    /// An external server answered with this status; its sentence.
    case refused(status: Int, sentence: String)

    /// The reason as text, for logs and the command line.
    package var reason: String {
        switch self {
        case .unsupported(let text), .failed(let text), .unreached(let text), .notReady(let text), .noEngine(let text),
            .notLoaded(let text), .tooLarge(let text):
            text
        case .contextExceeded(let tokens, let tokensMax):
            "\(tokens) tokens are more than the \(tokensMax) of the model's context"
        case .busy: "too many requests wait for the model"
        case .timedOut(let seconds?): "it took longer than \(seconds) s"
        case .timedOut(nil): "its server took too long"
        case .refused(let status, let sentence): "its server answered \(status): \(sentence)"
        }
    }
}
