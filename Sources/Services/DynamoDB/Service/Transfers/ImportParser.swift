internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// Parses the records of one object to items.
struct ImportParser: Sendable {
    /// The result of parsing a record.
    enum Outcome: Sendable {
        case item(AttributeMap)
        /// The item breaks a rule; reading continues with the next record.
        case refused(String)
        /// The record is not an item: the rest of the object is not read.
        case malformed(String)
        /// The record contains the column names.
        case header
    }

    private let table: TableDescriptor
    private let format: ImportFormat
    private let delimiter: UInt8
    private var columns: [Column]?

    /// A column of CSV.
    private struct Column: Sendable {
        let name: String
        /// The type of a key attribute; all other columns are strings.
        let type: AttributeType
        let isTableKey: Bool
    }

    init(_ table: TableDescriptor, _ format: ImportFormat) {
        self.table = table
        self.format = format
        var delimiter = UInt8(ascii: ",")
        if case .csv(let given, let headers) = format {
            delimiter = given?.utf8.first ?? delimiter
            self.columns = headers?.map { Self.column($0, table) }
        }
        self.delimiter = delimiter
    }

    private static func column(_ name: String, _ table: TableDescriptor) -> Column {
        let element = table.attributes.first { ExactName($0.name) == ExactName(name) }
        return Column(
            name: name, type: element?.type ?? .s, isTableKey: table.schema.contains(name.utf8))
    }

    mutating func parse(_ record: [UInt8]) -> Outcome {
        let outcome =
            switch self.format {
            case .json: Self.json(record)
            case .ion: Self.ion(record)
            case .csv: self.csv(record)
            }
        guard case .item(let item) = outcome else { return outcome }
        do throws(ValidationFailure) {
            if let failure = item.failure { throw ValidationFailure(failure.message) }
            try ItemCheck.size(item)
            try ItemCheck.keys(item, self.table)
            return outcome
        } catch {
            return .refused(error.message)
        }
    }

    // DynamoDB JSON

    private static let schema = ItemResponse.schema

    /// `{"Item": {…}}`; other members are ignored.
    private static func json(_ record: [UInt8]) -> Outcome {
        let reader = ShapeReader(JSONReader(record))
        do throws(ShapeError) {
            var item: AttributeMap?
            try reader.beginStructure(self.schema)
            while let index = try reader.nextMember(self.schema) {
                item = try AttributeMap(from: reader, self.schema.members[index])
            }
            try reader.wire.finish()
            guard let item else { return .malformed("The record has no Item") }
            return .item(item)
        } catch {
            return .malformed("The record is not DynamoDB JSON")
        }
    }

    // Amazon Ion

    private static func ion(_ record: [UInt8]) -> Outcome {
        guard let json = IonRecord.json(record) else { return .malformed("The record is not Amazon Ion") }
        return self.json(json)
    }

    // CSV

    private mutating func csv(_ record: [UInt8]) -> Outcome {
        guard let fields = CSVRecord.fields(record, delimiter: self.delimiter) else {
            return .malformed("A double quote is not escaped")
        }
        var texts: [String] = []
        for field in fields {
            guard let text = String(validating: field, as: UTF8.self) else {
                return .malformed("The text is not UTF-8")
            }
            texts.append(text)
        }
        guard let columns = self.columns else {
            guard Set(texts.map { ExactName($0) }).count == texts.count, !texts.contains("") else {
                return .malformed("The header has an empty name, or one twice")
            }
            self.columns = texts.map { Self.column($0, self.table) }
            return .header
        }
        guard texts.count == columns.count else {
            return .refused("The record has \(texts.count) columns, the header \(columns.count)")
        }
        // The names of columns differ: looking each one up in a tree would take quadratic time.
        var entries: [AttributeTree.Entry] = []
        for (column, text) in zip(columns, texts) {
            // An empty index key excludes the item from the index.
            if text.isEmpty, column.type != .s || !column.isTableKey, self.isIndexKey(column) { continue }
            switch column.type {
            case .n:
                guard let number = try? DynamoDBNumber(text) else {
                    return .refused("The column \(column.name) is no number")
                }
                entries.append(.init(column.name, .n(number)))
            case .b:
                guard let bytes = Base64.decode(text.utf8) else {
                    return .refused("The column \(column.name) is not base64")
                }
                entries.append(.init(column.name, .b(bytes)))
            default: entries.append(.init(column.name, .s(text)))
            }
        }
        return .item(AttributeMap(AttributeTree(entries)))
    }

    private func isIndexKey(_ column: Column) -> Bool {
        !column.isTableKey && self.table.attributes.contains { ExactName($0.name) == ExactName(column.name) }
    }
}
