internal import ServiceModel
internal import WireProtocols

/// Events as `text/event-stream` carries them.
enum ServerSentEvents {
    /// What OpenAI's streams end with.
    static let done = Array("data: [DONE]\n\n".utf8)

    /// An event with its data; OpenAI's chunks have no name.
    static func event(_ data: Document, name: String? = nil) -> [UInt8] { self.event(data.json, name: name) }

    /// The same of a JSON text, which has no line ends outside of strings, and there they are escaped.
    static func event(_ json: [UInt8], name: String? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(json.count + (name?.utf8.count ?? 0) + 16)
        if let name { bytes += "event: \(name)\n".utf8 }
        bytes += "data: ".utf8
        bytes += json
        bytes += "\n\n".utf8
        return bytes
    }

    /// An event that is named by the `type` of its data.
    static func typed(_ data: Document) -> [UInt8] {
        self.event(data, name: data["type"]?.text)
    }

    /// The same of data that begin with their type, which has no escapes.
    static func typed(_ json: [UInt8]) -> [UInt8] {
        let begin = Array("{\"type\":\"".utf8)
        precondition(json.starts(with: begin), "an event begins with its type")
        let name = json[begin.count...].prefix { $0 != UInt8(ascii: "\"") }
        return self.event(json, name: String(decoding: name, as: UTF8.self))
    }
}
