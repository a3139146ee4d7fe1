CREATE TABLE import_source (
    id INTEGER NOT NULL,
    file_name VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    sheet VARCHAR NOT NULL,
    entity VARCHAR NOT NULL,
    as_of DATE,
    imported_at DATETIME NOT NULL,
    rows INTEGER NOT NULL,
    new INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    mapping TEXT NOT NULL,
    issues TEXT,
    CONSTRAINT pk_import_source PRIMARY KEY (id)
);
CREATE TABLE saved_mapping (
    id INTEGER NOT NULL,
    signature VARCHAR NOT NULL,
    entity VARCHAR NOT NULL,
    mapping TEXT NOT NULL,
    options TEXT,
    used_at DATETIME NOT NULL,
    CONSTRAINT pk_saved_mapping PRIMARY KEY (id),
    CONSTRAINT uq_saved_mapping_signature UNIQUE (signature)
);
CREATE TABLE saved_match (
    id INTEGER NOT NULL,
    entity VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    target_id INTEGER NOT NULL,
    accepted_at DATETIME NOT NULL,
    CONSTRAINT pk_saved_match PRIMARY KEY (id),
    CONSTRAINT uq_saved_match_entity_text UNIQUE (entity, text)
);
CREATE TABLE setting (
    name VARCHAR NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT pk_setting PRIMARY KEY (name)
);
CREATE TABLE action (
    id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    who VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    origin_id INTEGER,
    reverts_id INTEGER,
    undone_by_id INTEGER,
    logged BOOLEAN NOT NULL,
    first_change INTEGER,
    last_change INTEGER,
    details TEXT,
    CONSTRAINT pk_action PRIMARY KEY (id),
    CONSTRAINT fk_action_origin_id_action FOREIGN KEY(origin_id) REFERENCES action (id),
    CONSTRAINT fk_action_reverts_id_action FOREIGN KEY(reverts_id) REFERENCES action (id),
    CONSTRAINT fk_action_undone_by_id_action FOREIGN KEY(undone_by_id) REFERENCES action (id)
);
CREATE TABLE change (
    id INTEGER NOT NULL,
    action_id INTEGER NOT NULL,
    table_number INTEGER NOT NULL,
    row_id INTEGER NOT NULL,
    operation VARCHAR NOT NULL,
    CONSTRAINT pk_change PRIMARY KEY (id)
);
CREATE TABLE logged_table (
    number INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    CONSTRAINT pk_logged_table PRIMARY KEY (number),
    CONSTRAINT uq_logged_table_name UNIQUE (name)
);
CREATE TABLE current_action (
    id INTEGER NOT NULL,
    action_id INTEGER,
    logged BOOLEAN NOT NULL,
    CONSTRAINT pk_current_action PRIMARY KEY (id)
);
CREATE TABLE scenario (
    id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    effective_from DATE,
    created_at DATETIME NOT NULL,
    seed INTEGER,
    design TEXT,
    figures TEXT,
    CONSTRAINT pk_scenario PRIMARY KEY (id),
    CONSTRAINT uq_scenario_name UNIQUE (name)
);
CREATE TABLE "plan" (
    id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    effective_from DATE NOT NULL,
    effective_to DATE,
    definition TEXT NOT NULL,
    CONSTRAINT pk_plan PRIMARY KEY (id),
    CONSTRAINT uq_plan_name UNIQUE (name)
);
CREATE TABLE commission_run (
    id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    period_start DATE NOT NULL,
    period_end DATE NOT NULL,
    period_label VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    created_at DATETIME NOT NULL,
    inputs_hash VARCHAR NOT NULL,
    result_hash VARCHAR NOT NULL,
    plans TEXT NOT NULL,
    notes TEXT,
    CONSTRAINT pk_commission_run PRIMARY KEY (id)
);
CREATE TABLE forecast (
    id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    measure VARCHAR NOT NULL,
    period_kind VARCHAR NOT NULL,
    as_of DATE NOT NULL,
    created_at DATETIME NOT NULL,
    method VARCHAR NOT NULL,
    currency VARCHAR,
    report TEXT NOT NULL,
    CONSTRAINT pk_forecast PRIMARY KEY (id)
);
CREATE TABLE fiscal_calendar (
    id INTEGER NOT NULL,
    start_month INTEGER NOT NULL,
    pattern VARCHAR NOT NULL,
    week_end INTEGER NOT NULL,
    named_by_end BOOLEAN NOT NULL,
    CONSTRAINT pk_fiscal_calendar PRIMARY KEY (id)
);
CREATE TABLE action_rows (
    action_id INTEGER NOT NULL,
    table_number INTEGER NOT NULL,
    inserted INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    CONSTRAINT pk_action_rows PRIMARY KEY (action_id, table_number),
    CONSTRAINT fk_action_rows_action_id_action FOREIGN KEY(action_id) REFERENCES action (id),
    CONSTRAINT fk_action_rows_table_number_logged_table FOREIGN KEY(table_number) REFERENCES logged_table (number)
);
CREATE TABLE run_event (
    id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    status VARCHAR NOT NULL,
    who VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    note VARCHAR,
    CONSTRAINT pk_run_event PRIMARY KEY (id),
    CONSTRAINT fk_run_event_run_id_commission_run FOREIGN KEY(run_id) REFERENCES commission_run (id) ON DELETE CASCADE
);
CREATE TABLE forecast_point (
    id INTEGER NOT NULL,
    forecast_id INTEGER NOT NULL,
    period_start DATE NOT NULL,
    period_end DATE NOT NULL,
    period_label VARCHAR NOT NULL,
    mean INTEGER NOT NULL,
    low50 INTEGER NOT NULL,
    high50 INTEGER NOT NULL,
    low80 INTEGER NOT NULL,
    high80 INTEGER NOT NULL,
    low95 INTEGER NOT NULL,
    high95 INTEGER NOT NULL,
    CONSTRAINT pk_forecast_point PRIMARY KEY (id),
    CONSTRAINT uq_forecast_point_forecast_id_period_start UNIQUE (forecast_id, period_start),
    CONSTRAINT fk_forecast_point_forecast_id_forecast FOREIGN KEY(forecast_id) REFERENCES forecast (id) ON DELETE CASCADE
);
CREATE TABLE person (
    id INTEGER NOT NULL,
    external_id VARCHAR,
    name VARCHAR NOT NULL,
    email VARCHAR,
    role VARCHAR,
    title VARCHAR,
    manager_id INTEGER,
    team VARCHAR,
    region VARCHAR,
    country VARCHAR,
    state VARCHAR,
    city VARCHAR,
    postal_code VARCHAR,
    latitude DOUBLE,
    longitude DOUBLE,
    currency VARCHAR,
    start_date DATE,
    end_date DATE,
    fte INTEGER,
    active BOOLEAN,
    attributes TEXT,
    source_id INTEGER,
    source_row INTEGER,
    CONSTRAINT pk_person PRIMARY KEY (id),
    CONSTRAINT fk_person_manager_id_person FOREIGN KEY(manager_id) REFERENCES person (id) ON DELETE SET NULL,
    CONSTRAINT fk_person_source_id_import_source FOREIGN KEY(source_id) REFERENCES import_source (id) ON DELETE SET NULL
);
CREATE TABLE product (
    id INTEGER NOT NULL,
    code VARCHAR,
    name VARCHAR NOT NULL,
    family VARCHAR,
    list_price INTEGER,
    unit_cost INTEGER,
    currency VARCHAR,
    active BOOLEAN,
    attributes TEXT,
    source_id INTEGER,
    source_row INTEGER,
    CONSTRAINT pk_product PRIMARY KEY (id),
    CONSTRAINT fk_product_source_id_import_source FOREIGN KEY(source_id) REFERENCES import_source (id) ON DELETE SET NULL
);
CREATE TABLE snapshot (
    id INTEGER NOT NULL,
    taken_on DATE NOT NULL,
    label VARCHAR,
    source_id INTEGER,
    CONSTRAINT pk_snapshot PRIMARY KEY (id),
    CONSTRAINT uq_snapshot_taken_on UNIQUE (taken_on),
    CONSTRAINT fk_snapshot_source_id_import_source FOREIGN KEY(source_id) REFERENCES import_source (id) ON DELETE SET NULL
);
CREATE TABLE exchange_rate (
    id INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    target VARCHAR NOT NULL,
    valid_from DATE NOT NULL,
    rate INTEGER NOT NULL,
    attributes TEXT,
    source_id INTEGER,
    source_row INTEGER,
    CONSTRAINT pk_exchange_rate PRIMARY KEY (id),
    CONSTRAINT uq_exchange_rate_source_target_valid_from UNIQUE (source, target, valid_from),
    CONSTRAINT fk_exchange_rate_source_id_import_source FOREIGN KEY(source_id) REFERENCES import_source (id) ON DELETE SET NULL
);
CREATE TABLE territory (
    id INTEGER NOT NULL,
    scenario_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    person_id INTEGER,
    latitude DOUBLE,
    longitude DOUBLE,
    CONSTRAINT pk_territory PRIMARY KEY (id),
    CONSTRAINT uq_territory_scenario_id_name UNIQUE (scenario_id, name),
    CONSTRAINT fk_territory_scenario_id_scenario FOREIGN KEY(scenario_id) REFERENCES scenario (id) ON DELETE CASCADE,
    CONSTRAINT fk_territory_person_id_person FOREIGN KEY(person_id) REFERENCES person (id) ON DELETE SET NULL
);
CREATE TABLE plan_assignment (
    id INTEGER NOT NULL,
    plan_id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    start_date DATE NOT NULL,
    end_date DATE,
    CONSTRAINT pk_plan_assignment PRIMARY KEY (id),
    CONSTRAINT uq_plan_assignment_person_id_plan_id_start_date UNIQUE (person_id, plan_id, start_date),
    CONSTRAINT fk_plan_assignment_plan_id_plan FOREIGN KEY(plan_id) REFERENCES "plan" (id) ON DELETE CASCADE,
    CONSTRAINT fk_plan_assignment_person_id_person FOREIGN KEY(person_id) REFERENCES person (id) ON DELETE CASCADE
);
CREATE TABLE account (
    id INTEGER NOT NULL,
    external_id VARCHAR,
    name VARCHAR NOT NULL,
    parent_id INTEGER,
    owner_id INTEGER,
    industry VARCHAR,
    segment VARCHAR,
    region VARCHAR,
    country VARCHAR,
    state VARCHAR,
    city VARCHAR,
    postal_code VARCHAR,
    street VARCHAR,
    latitude DOUBLE,
    longitude DOUBLE,
    currency VARCHAR,
    annual_revenue INTEGER,
    employees INTEGER,
    potential INTEGER,
    workload DOUBLE,
    website VARCHAR,
    founded INTEGER,
    created_on DATE,
    attributes TEXT,
    source_id INTEGER,
    source_row INTEGER,
    CONSTRAINT pk_account PRIMARY KEY (id),
    CONSTRAINT fk_account_parent_id_account FOREIGN KEY(parent_id) REFERENCES account (id) ON DELETE SET NULL,
    CONSTRAINT fk_account_owner_id_person FOREIGN KEY(owner_id) REFERENCES person (id) ON DELETE SET NULL,
    CONSTRAINT fk_account_source_id_import_source FOREIGN KEY(source_id) REFERENCES import_source (id) ON DELETE SET NULL
);
CREATE TABLE assignment (
    id INTEGER NOT NULL,
    scenario_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    territory_id INTEGER NOT NULL,
    locked BOOLEAN NOT NULL,
    reason VARCHAR,
    CONSTRAINT pk_assignment PRIMARY KEY (id),
    CONSTRAINT uq_assignment_scenario_id_account_id UNIQUE (scenario_id, account_id),
    CONSTRAINT fk_assignment_scenario_id_scenario FOREIGN KEY(scenario_id) REFERENCES scenario (id) ON DELETE CASCADE,
    CONSTRAINT fk_assignment_account_id_account FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE CASCADE,
    CONSTRAINT fk_assignment_territory_id_territory FOREIGN KEY(territory_id) REFERENCES territory (id) ON DELETE CASCADE
);
CREATE TABLE opportunity (
    id INTEGER NOT NULL,
    external_id VARCHAR NOT NULL,
    name VARCHAR,
    account_id INTEGER,
    owner_id INTEGER,
    product_id INTEGER,
    stage VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    amount INTEGER,
    currency VARCHAR,
    quantity DOUBLE,
    created_on DATE,
    close_on DATE,
    probability INTEGER,
    forecast_category VARCHAR,
    lead_source VARCHAR,
    next_step VARCHAR,
    next_activity_on DATE,
    lost_reason VARCHAR,
    attributes TEXT,
    source_id INTEGER,
    source_row INTEGER,
    CONSTRAINT pk_opportunity PRIMARY KEY (id),
    CONSTRAINT uq_opportunity_external_id UNIQUE (external_id),
    CONSTRAINT fk_opportunity_account_id_account FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE SET NULL,
    CONSTRAINT fk_opportunity_owner_id_person FOREIGN KEY(owner_id) REFERENCES person (id) ON DELETE SET NULL,
    CONSTRAINT fk_opportunity_product_id_product FOREIGN KEY(product_id) REFERENCES product (id) ON DELETE SET NULL,
    CONSTRAINT fk_opportunity_source_id_import_source FOREIGN KEY(source_id) REFERENCES import_source (id) ON DELETE SET NULL
);
CREATE TABLE quota (
    id INTEGER NOT NULL,
    person_id INTEGER,
    territory_id INTEGER,
    measure VARCHAR NOT NULL,
    period_start DATE NOT NULL,
    period_end DATE NOT NULL,
    amount INTEGER NOT NULL,
    currency VARCHAR NOT NULL,
    attributes TEXT,
    source_id INTEGER,
    source_row INTEGER,
    CONSTRAINT pk_quota PRIMARY KEY (id),
    CONSTRAINT uq_quota_person_id_measure_period_start_period_end UNIQUE (person_id, measure, period_start, period_end),
    CONSTRAINT fk_quota_person_id_person FOREIGN KEY(person_id) REFERENCES person (id) ON DELETE CASCADE,
    CONSTRAINT fk_quota_territory_id_territory FOREIGN KEY(territory_id) REFERENCES territory (id) ON DELETE CASCADE,
    CONSTRAINT fk_quota_source_id_import_source FOREIGN KEY(source_id) REFERENCES import_source (id) ON DELETE SET NULL
);
CREATE TABLE pipeline_line (
    id INTEGER NOT NULL,
    forecast_id INTEGER NOT NULL,
    opportunity_id INTEGER NOT NULL,
    probability INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    weighted INTEGER NOT NULL,
    expected_close DATE,
    CONSTRAINT pk_pipeline_line PRIMARY KEY (id),
    CONSTRAINT uq_pipeline_line_forecast_id_opportunity_id UNIQUE (forecast_id, opportunity_id),
    CONSTRAINT fk_pipeline_line_forecast_id_forecast FOREIGN KEY(forecast_id) REFERENCES forecast (id) ON DELETE CASCADE,
    CONSTRAINT fk_pipeline_line_opportunity_id_opportunity FOREIGN KEY(opportunity_id) REFERENCES opportunity (id) ON DELETE CASCADE
);
CREATE TABLE snapshot_line (
    id INTEGER NOT NULL,
    taken_on DATE NOT NULL,
    opportunity_id INTEGER NOT NULL,
    owner_id INTEGER,
    stage VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    amount INTEGER,
    currency VARCHAR,
    close_on DATE,
    probability INTEGER,
    forecast_category VARCHAR,
    attributes TEXT,
    source_id INTEGER,
    source_row INTEGER,
    CONSTRAINT pk_snapshot_line PRIMARY KEY (id),
    CONSTRAINT uq_snapshot_line_taken_on_opportunity_id UNIQUE (taken_on, opportunity_id),
    CONSTRAINT fk_snapshot_line_opportunity_id_opportunity FOREIGN KEY(opportunity_id) REFERENCES opportunity (id) ON DELETE CASCADE,
    CONSTRAINT fk_snapshot_line_owner_id_person FOREIGN KEY(owner_id) REFERENCES person (id) ON DELETE SET NULL,
    CONSTRAINT fk_snapshot_line_source_id_import_source FOREIGN KEY(source_id) REFERENCES import_source (id) ON DELETE SET NULL
);
CREATE TABLE "transaction" (
    id INTEGER NOT NULL,
    external_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    booked_on DATE NOT NULL,
    opportunity_id INTEGER,
    account_id INTEGER,
    product_id INTEGER,
    owner_id INTEGER,
    amount INTEGER NOT NULL,
    currency VARCHAR NOT NULL,
    margin INTEGER,
    quantity DOUBLE,
    original_id INTEGER,
    attributes TEXT,
    source_id INTEGER,
    source_row INTEGER,
    CONSTRAINT pk_transaction PRIMARY KEY (id),
    CONSTRAINT uq_transaction_external_id UNIQUE (external_id),
    CONSTRAINT fk_transaction_opportunity_id_opportunity FOREIGN KEY(opportunity_id) REFERENCES opportunity (id) ON DELETE SET NULL,
    CONSTRAINT fk_transaction_account_id_account FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE SET NULL,
    CONSTRAINT fk_transaction_product_id_product FOREIGN KEY(product_id) REFERENCES product (id) ON DELETE SET NULL,
    CONSTRAINT fk_transaction_owner_id_person FOREIGN KEY(owner_id) REFERENCES person (id) ON DELETE SET NULL,
    CONSTRAINT fk_transaction_original_id_transaction FOREIGN KEY(original_id) REFERENCES "transaction" (id) ON DELETE SET NULL,
    CONSTRAINT fk_transaction_source_id_import_source FOREIGN KEY(source_id) REFERENCES import_source (id) ON DELETE SET NULL
);
CREATE TABLE lead (
    id INTEGER NOT NULL,
    external_id VARCHAR NOT NULL,
    name VARCHAR,
    company VARCHAR,
    email VARCHAR,
    source VARCHAR,
    owner_id INTEGER,
    status VARCHAR,
    created_at DATETIME NOT NULL,
    responded_at DATETIME,
    opportunity_id INTEGER,
    country VARCHAR,
    state VARCHAR,
    postal_code VARCHAR,
    score DOUBLE,
    attributes TEXT,
    source_id INTEGER,
    source_row INTEGER,
    CONSTRAINT pk_lead PRIMARY KEY (id),
    CONSTRAINT uq_lead_external_id UNIQUE (external_id),
    CONSTRAINT fk_lead_owner_id_person FOREIGN KEY(owner_id) REFERENCES person (id) ON DELETE SET NULL,
    CONSTRAINT fk_lead_opportunity_id_opportunity FOREIGN KEY(opportunity_id) REFERENCES opportunity (id) ON DELETE SET NULL,
    CONSTRAINT fk_lead_source_id_import_source FOREIGN KEY(source_id) REFERENCES import_source (id) ON DELETE SET NULL
);
CREATE TABLE credit (
    id INTEGER NOT NULL,
    transaction_id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    role VARCHAR NOT NULL,
    share INTEGER NOT NULL,
    credited_on DATE,
    attributes TEXT,
    source_id INTEGER,
    source_row INTEGER,
    CONSTRAINT pk_credit PRIMARY KEY (id),
    CONSTRAINT uq_credit_transaction_id_person_id_role UNIQUE (transaction_id, person_id, role),
    CONSTRAINT fk_credit_transaction_id_transaction FOREIGN KEY(transaction_id) REFERENCES "transaction" (id) ON DELETE CASCADE,
    CONSTRAINT fk_credit_person_id_person FOREIGN KEY(person_id) REFERENCES person (id) ON DELETE RESTRICT,
    CONSTRAINT fk_credit_source_id_import_source FOREIGN KEY(source_id) REFERENCES import_source (id) ON DELETE SET NULL
);
CREATE TABLE activity (
    id INTEGER NOT NULL,
    external_id VARCHAR NOT NULL,
    kind VARCHAR,
    person_id INTEGER,
    account_id INTEGER,
    opportunity_id INTEGER,
    lead_id INTEGER,
    starts_at DATETIME NOT NULL,
    minutes DOUBLE,
    subject VARCHAR,
    outcome VARCHAR,
    attributes TEXT,
    source_id INTEGER,
    source_row INTEGER,
    CONSTRAINT pk_activity PRIMARY KEY (id),
    CONSTRAINT uq_activity_external_id UNIQUE (external_id),
    CONSTRAINT fk_activity_person_id_person FOREIGN KEY(person_id) REFERENCES person (id) ON DELETE SET NULL,
    CONSTRAINT fk_activity_account_id_account FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE SET NULL,
    CONSTRAINT fk_activity_opportunity_id_opportunity FOREIGN KEY(opportunity_id) REFERENCES opportunity (id) ON DELETE SET NULL,
    CONSTRAINT fk_activity_lead_id_lead FOREIGN KEY(lead_id) REFERENCES lead (id) ON DELETE SET NULL,
    CONSTRAINT fk_activity_source_id_import_source FOREIGN KEY(source_id) REFERENCES import_source (id) ON DELETE SET NULL
);
CREATE TABLE run_line (
    id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    "plan" VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    credit_id INTEGER,
    transaction_id INTEGER,
    credited_on DATE NOT NULL,
    credit_amount INTEGER NOT NULL,
    credit_currency VARCHAR NOT NULL,
    exchange_rate INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    total_before INTEGER NOT NULL,
    total_after INTEGER NOT NULL,
    quota INTEGER,
    payout INTEGER NOT NULL,
    currency VARCHAR NOT NULL,
    CONSTRAINT pk_run_line PRIMARY KEY (id),
    CONSTRAINT fk_run_line_run_id_commission_run FOREIGN KEY(run_id) REFERENCES commission_run (id) ON DELETE CASCADE,
    CONSTRAINT fk_run_line_person_id_person FOREIGN KEY(person_id) REFERENCES person (id) ON DELETE RESTRICT,
    CONSTRAINT fk_run_line_credit_id_credit FOREIGN KEY(credit_id) REFERENCES credit (id) ON DELETE SET NULL,
    CONSTRAINT fk_run_line_transaction_id_transaction FOREIGN KEY(transaction_id) REFERENCES "transaction" (id) ON DELETE SET NULL
);
CREATE INDEX ix_run_event_run_id ON run_event (run_id);
CREATE INDEX ix_person_name ON person (name);
CREATE INDEX ix_person_manager_id ON person (manager_id);
CREATE INDEX ix_person_external_id ON person (external_id);
CREATE INDEX ix_product_code ON product (code);
CREATE INDEX ix_product_name ON product (name);
CREATE INDEX ix_plan_assignment_plan_id ON plan_assignment (plan_id);
CREATE INDEX ix_account_name ON account (name);
CREATE INDEX ix_account_parent_id ON account (parent_id);
CREATE INDEX ix_account_external_id ON account (external_id);
CREATE INDEX ix_account_owner_id ON account (owner_id);
CREATE INDEX ix_assignment_territory_id ON assignment (territory_id);
CREATE INDEX ix_assignment_account_id ON assignment (account_id);
CREATE INDEX ix_opportunity_account_id ON opportunity (account_id);
CREATE INDEX ix_opportunity_close_on ON opportunity (close_on);
CREATE INDEX ix_opportunity_owner_id ON opportunity (owner_id);
CREATE INDEX ix_snapshot_line_opportunity_id ON snapshot_line (opportunity_id);
CREATE INDEX ix_transaction_owner_id ON "transaction" (owner_id);
CREATE INDEX ix_transaction_opportunity_id ON "transaction" (opportunity_id);
CREATE INDEX ix_transaction_account_id ON "transaction" (account_id);
CREATE INDEX ix_transaction_booked_on ON "transaction" (booked_on);
CREATE INDEX ix_lead_owner_id ON lead (owner_id);
CREATE INDEX ix_credit_person_id ON credit (person_id);
CREATE INDEX ix_activity_person_id_starts_at ON activity (person_id, starts_at);
CREATE INDEX ix_run_line_run_id ON run_line (run_id);
