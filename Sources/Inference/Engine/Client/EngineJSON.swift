internal import ServiceModel
internal import WireProtocols

/// JSON documents as bytes and back, for what engines are told and answer.
enum EngineJSON {
    private static let member = MemberSchema(name: "document", target: ShapeSchema(name: "Document", type: .document))

    /// - Returns: nil for what is no JSON document.
    static func document(_ bytes: [UInt8]) -> Document? {
        do throws(ShapeError) {
            let reader = try JSONFormat().makeReader(bytes, root: .payload(self.member))
            let document = try reader.readDocument(self.member)
            try reader.finish()
            return document
        } catch {
            return nil
        }
    }

    static func document(_ text: String) -> Document? { self.document(Array(text.utf8)) }

    static func bytes(_ document: Document) -> [UInt8] {
        let writer = JSONFormat().makeWriter(root: .payload(self.member))
        writer.document(document, self.member)
        return writer.takeBytes()
    }

    static func text(_ document: Document) -> String { String(decoding: self.bytes(document), as: UTF8.self) }
}
