package import Primitives
internal import ServiceModel

/// One answer of a model together with its request: a line of a recording.
package struct RecordedAnswer: Sendable {
    /// The format version; a line of another version is refused.
    static let version = 1

    package let fingerprint: RequestFingerprint
    package let answer: ModelAnswer
    /// The request as a `RequestDocument`.
    let request: Document
    /// The time of recording, as readable text.
    private let time: String

    package init(_ request: ChatRequest, model: String, answer: ModelAnswer, time: Timestamp) {
        self.request = RequestDocument(sortsMembers: true).document(request, model: model)
        self.fingerprint = RequestFingerprint(of: self.request)
        self.answer = answer
        self.time = Self.text(time)
    }

    /// The line without its terminator.
    var document: Document {
        let head = Document.object([
            "version": .number(Self.version), "fingerprint": .string(self.fingerprint.hex),
            "recorded": .string(self.time), "request": self.request,
        ])
        return .object(head.members + self.answer.document.members)
    }

    /// Parses a line, or throws a description of the error.
    ///
    /// A line without `fingerprint` is accepted: the fingerprint must be removed when a request is edited by hand. A
    /// line whose fingerprint does not match its request is refused, since it would never be found.
    init(_ line: Document) throws(RecordingError) {
        guard line["version"]?.integer == Self.version else {
            throw RecordingError("its version is not \(Self.version), which is all that this Brume reads")
        }
        guard let request = line["request"], case .object = request, request["model"]?.text != nil else {
            throw RecordingError("it has no request")
        }
        let fingerprint = RequestFingerprint(of: request)
        guard line["fingerprint"].map({ $0.text == fingerprint.hex }) ?? true else {
            throw RecordingError(
                "its fingerprint is not that of its request, which is \(fingerprint); was the request changed?")
        }
        (self.request, self.fingerprint) = (request, fingerprint)
        self.answer = try ModelAnswer(line)
        self.time = line["recorded"]?.text ?? ""
    }

    /// `2026-11-28T20:50:38Z`
    private static func text(_ time: Timestamp) -> String {
        let date = CalendarDate(time)
        func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
        return "\(date.year)-\(padded(date.month))-\(padded(date.day))T"
            + "\(padded(date.hour)):\(padded(date.minute)):\(padded(date.second))Z"
    }
}

/// Why a recording cannot be used; a sentence.
package struct RecordingError: Error, Sendable, Equatable {
    package let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}
