package import ServiceModel

extension Document {
    private static let member = MemberSchema(name: "document", target: ShapeSchema(name: "Document", type: .document))

    /// Parses a JSON text; nil when it is not valid JSON, or has more than `valueCountMax` values.
    package init?(json bytes: [UInt8], valueCountMax: Int = JSONReader.documentValueCountMax) {
        do throws(ShapeError) {
            let reader = JSONReader(bytes, strictness: .smithy, documentValueCountMax: valueCountMax)
            let document = try reader.readDocument(Self.member)
            try reader.finish()
            self = document
        } catch {
            return nil
        }
    }

    /// Parses a JSON text and keeps only the named members of its object. The others are checked and skipped, which
    /// costs a third of keeping them. Nil for invalid JSON.
    package init?(json bytes: [UInt8], keeping names: [String]) {
        do throws(ShapeError) {
            let reader = JSONReader(bytes, strictness: .smithy)
            let document = try reader.readDocument(Self.member, keeping: names)
            try reader.finish()
            self = document
        } catch {
            return nil
        }
    }

    /// Parses a JSON text; nil when it is not valid JSON.
    package init?(json text: String) { self.init(json: Array(text.utf8)) }

    /// The document as a JSON text in UTF-8, without white space.
    package var json: [UInt8] {
        let writer = JSONFormat().makeWriter(root: .payload(Self.member))
        writer.document(self, Self.member)
        return writer.takeBytes()
    }

    package var jsonText: String { String(decoding: self.json, as: UTF8.self) }
}
