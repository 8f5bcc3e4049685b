internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// IAM condition keys that describe the use of one table's items in a request: which partitions, which attributes, and
/// what is to be returned.
///
/// Only the request is examined, never stored items. Invalid parts of a request are ignored here: the operation refuses
/// them.
/// - Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB"; DynamoDB
///   Developer Guide, "Using IAM policy conditions for fine-grained access control".
struct ItemConditionKeys {
    /// Texts without duplicates, in order of insertion.
    private struct Texts {
        private(set) var all: [String] = []
        /// By bytes: Unicode-equivalent strings are different names.
        private var known: Set<[UInt8]> = []

        mutating func add(_ text: String) {
            if self.known.insert(Array(text.utf8)).inserted { self.all.append(text) }
        }
    }

    /// The names of the condition keys for the attributes of a partition key.
    private static let partitionKeys: [ExactName] = [
        "dynamodb:FirstPartitionKeyValues", "dynamodb:SecondPartitionKeyValues", "dynamodb:ThirdPartitionKeyValues",
        "dynamodb:FourthPartitionKeyValues",
    ]

    /// The key schema of the table or the index that is read; nil for an unknown index.
    let schema: KeySchema?
    private let isIndex: Bool
    let table: TableDescriptor
    private var partitionValues: [Texts]
    private var attributes = Texts()
    private var parameters: [ExactName: String] = [:]

    init(_ table: TableDescriptor, index: String?) {
        self.table = table
        self.isIndex = index != nil
        if let index {
            self.schema = table.index(index)?.schema
        } else {
            self.schema = table.schema
        }
        self.partitionValues = (self.schema?.partition ?? []).map { _ in Texts() }
    }

    private var partition: [KeyElement] { self.schema?.partition ?? [] }

    /// The condition keys and their values; keys without values are absent.
    var values: [ExactName: [String]] {
        var keys = self.parameters.mapValues { [$0] }
        for (name, values) in zip(Self.partitionKeys, self.partitionValues) where !values.all.isEmpty {
            keys[name] = values.all
        }
        keys["dynamodb:LeadingKeys"] = keys[Self.partitionKeys[0]]
        if !self.attributes.all.isEmpty { keys["dynamodb:Attributes"] = self.attributes.all }
        return keys
    }

    // Parameters

    /// `returned` is nil for operations without this parameter; for transactions that means NONE.
    mutating func set(returnValues returned: ReturnValue?) {
        self.parameters["dynamodb:ReturnValues"] = (returned ?? ReturnValue.none_).rawValue
    }

    mutating func set(returnConsumedCapacity wanted: ReturnConsumedCapacity?) {
        self.parameters["dynamodb:ReturnConsumedCapacity"] = (wanted ?? ReturnConsumedCapacity.none_).rawValue
    }

    mutating func set(enclosing operation: String) {
        self.parameters["dynamodb:EnclosingOperation"] = operation
    }

    mutating func set(isFullTableScan: Bool) {
        self.parameters["dynamodb:FullTableScan"] = isFullTableScan ? "true" : "false"
    }

    /// The attributes that are returned: the parameter, or its default.
    ///
    /// - Source: DynamoDB API Reference, Query, `Select`; "the Select parameter always has a value".
    mutating func set(select: Select?, isProjected: Bool) {
        let implied: Select =
            isProjected ? .specificAttributes : self.isIndex ? .allProjectedAttributes : .allAttributes
        self.parameters["dynamodb:Select"] = (select ?? implied).rawValue
    }

    // Items

    /// A whole item, or a key: its partition, and the names of all its attributes.
    mutating func add(_ item: AttributeMap) {
        for (place, element) in self.partition.enumerated() {
            if let value = item[element.name] { self.add(partition: value, at: place) }
        }
        for attribute in item.attributes { self.attributes.add(attribute.nameText) }
    }

    /// The partitions that a Query reads: one, or several for an IN in PartiQL.
    mutating func add(_ condition: ResolvedKeyCondition) {
        for (place, content) in condition.partition.enumerated() where place < self.partition.count {
            self.partitionValues[place].add(Self.text(content, self.partition[place].type))
        }
    }

    private mutating func add(partition value: StoredValue, at place: Int) {
        guard value.type == self.partition[place].type else { return }
        self.partitionValues[place].add(Self.text(value.content, value.type))
    }

    /// Binary values are compared as base64.
    private static func text(_ content: ArraySlice<UInt8>, _ type: AttributeType) -> String {
        type == .b ? Base64.encode(Array(content)) : String(decoding: content, as: UTF8.self)
    }

    // Attributes

    mutating func add(attributes names: (some Sequence<String>)?) {
        guard let names else { return }
        for name in names { self.attributes.add(name) }
    }

    /// The attributes that a parameter without expressions names.
    mutating func add(names: (some Sequence<ExactName>)?) {
        self.add(attributes: names?.map(\.text))
    }

    /// The attributes that an expression names; `names` and `values` define its placeholders.
    mutating func add(
        condition text: String?, _ names: [String: String]?, _ values: AttributeMap?,
        _ kind: ExpressionKind = .condition
    ) {
        let condition = Self.compiled(text, names, values) { (text, context) throws(ValidationFailure) in
            try context.condition(text, kind)
        }
        self.add(attributes: condition?.attributeNames)
    }

    mutating func add(update text: String?, _ names: [String: String]?, _ values: AttributeMap?) {
        let plan = Self.compiled(text, names, values) { (text, context) throws(ValidationFailure) in
            try context.update(text)
        }
        self.add(attributes: plan?.paths.compactMap(\.attribute))
    }

    mutating func add(projection text: String?, _ names: [String: String]?) {
        let projection = Self.compiled(text, names, nil) { (text, context) throws(ValidationFailure) in
            try context.projection(text)
        }
        self.add(attributes: projection?.attributeNames)
    }

    /// The partition and the attributes of a Query's key condition; one that is wrong is left to the operation.
    mutating func add(keyCondition: KeyCondition?) {
        self.add(attributes: keyCondition?.terms.map(\.name))
        guard let schema = self.schema, let resolved = try? keyCondition?.resolved(schema) else { return }
        self.add(resolved)
    }

    /// Compiles an expression in a context of its own; errors in it are left to the operation. A value that is nested
    /// too deeply is no error here: a ConditionCheck takes it, so its attributes must be known.
    static func compiled<Result>(
        _ text: String?, _ names: [String: String]?, _ values: AttributeMap?,
        _ compile: (String, inout ExpressionContext) throws(ValidationFailure) -> Result
    ) -> Result? {
        guard let text, var context = try? ExpressionContext(names: names, values: values?.atAnyDepth ?? values) else {
            return nil
        }
        return try? compile(text, &context)
    }
}

extension ArraySlice<PathStep> {
    /// The top-level attribute of a path.
    var attribute: String? {
        guard case .name(let name) = self.first else { return nil }
        return String(decoding: name, as: UTF8.self)
    }
}
