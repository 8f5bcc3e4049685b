internal import Primitives
internal import ServiceModel

/// The metadata of an answer besides the model's output.
struct AnswerStamp: Sendable {
    static let tokenLength = 24

    /// The model as the request names it.
    let model: ModelID
    /// Letters and digits, unique to the answer.
    let token: String
    /// When the request was received.
    let time: Timestamp

    init(_ model: ModelID, _ context: RequestContext, _ random: any RandomSource) {
        self.model = model
        self.time = context.time
        self.token = Self.token(random)
    }

    static func token(_ random: any RandomSource) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let letters = random.bytes(self.tokenLength).map { alphabet[Int($0) % alphabet.count] }
        return String(decoding: letters, as: UTF8.self)
    }
}
