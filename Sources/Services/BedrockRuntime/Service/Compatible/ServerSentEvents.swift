internal import ServiceModel
internal import WireProtocols

/// Events of `text/event-stream`.
enum ServerSentEvents {
    /// The end of OpenAI's streams.
    static let done = Array("data: [DONE]\n\n".utf8)

    /// An event with its data; OpenAI's chunks have no event name.
    static func event(_ data: Document, name: String? = nil) -> [UInt8] { self.event(data.json, name: name) }

    /// The same for a JSON text, in which newlines occur only in strings, where they are escaped.
    static func event(_ json: [UInt8], name: String? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(json.count + (name?.utf8.count ?? 0) + 16)
        if let name { bytes += "event: \(name)\n".utf8 }
        bytes += "data: ".utf8
        bytes += json
        bytes += "\n\n".utf8
        return bytes
    }

    /// An event named by the `type` of its data.
    static func typed(_ data: Document) -> [UInt8] {
        self.event(data, name: data["type"]?.text)
    }

    /// The same for data whose first member is its type, without escapes.
    static func typed(_ json: [UInt8]) -> [UInt8] {
        let begin = Array("{\"type\":\"".utf8)
        precondition(json.starts(with: begin), "an event begins with its type")
        let name = json[begin.count...].prefix { $0 != UInt8(ascii: "\"") }
        return self.event(json, name: String(decoding: name, as: UTF8.self))
    }
}
